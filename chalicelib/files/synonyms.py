"""The names that meter data, utilities and Portfolio Manager give their columns."""

from chalicelib.files.options import Kind

# Synonyms in the order of preference, spelled as `plain` returns them. Every API name is a synonym of itself.
_TRACE = (
    "traceid", "portfoliomanagermeterid", "pmmeterid", "meterid", "meternumber", "meterno", "meter",
    "meterserialnumber", "mpan", "mpancore", "mprn", "mpr", "nmi", "esiid", "servicepointid", "servicepoint",
    "usagepoint", "usagepointid", "spid", "said", "serviceid", "serviceagreementid", "serviceagreement", "saidnumber",
    "pod", "podid", "pdl", "prm", "ean", "cups", "zaehlpunkt", "zählpunkt", "zählpunktbezeichnung", "zaehlernummer",
    "zählernummer", "metername", "customid", "customerid", "accountid", "accountnumber", "accountno", "account",
    "premiseid", "premisenumber", "premise", "device", "deviceid", "sensorid", "channelid", "dataid", "id",
)  # fmt: skip
_START = (
    "start", "starttime", "startdate", "startdatetime", "datetimestart", "starttimestamp", "intervalstart",
    "intervalstarttime", "intervalstartdatetime", "periodstart", "periodstartdate", "billingstart", "billingstartdate",
    "billstart", "billstartdate", "billingperiodstart", "billingperiodstartdate", "servicefrom", "servicefromdate",
    "servicestart", "servicestartdate", "servicebegindate", "fromdate", "from", "datefrom", "begindate", "begin",
    "usagestartdate", "usagestart", "readstartdate", "readingstart", "startread", "startofinterval", "timestamp",
    "datetime", "dateandtime", "readdatetime", "readingdatetime", "readtimestamp", "readingtime", "readtime",
    "localtime", "localtimestamp", "utctime", "timestamputc", "utctimestamp", "usagedatetime", "usagetimestamp", "von",
    "vondatum", "datumvon", "beginn", "zeitstempel", "datumuhrzeit", "horodate", "debut", "début", "datedebut",
    "datedébut", "fecha", "datum", "date", "readdate", "readingdate", "usagedate", "meterreaddate", "day", "localdate",
    "tag",
)  # fmt: skip
_END = (
    "end", "endtime", "enddate", "enddatetime", "datetimeend", "endtimestamp", "intervalend", "intervalendtime",
    "intervalenddatetime", "periodend", "periodenddate", "billingend", "billingenddate", "billend", "billenddate",
    "billingperiodend", "billingperiodenddate", "serviceto", "servicetodate", "serviceend", "serviceenddate", "todate",
    "to", "dateto", "usageenddate", "usageend", "readenddate", "readingend", "endread", "endofinterval", "bis",
    "bisdatum", "datumbis", "ende", "fin", "datefin",
)  # fmt: skip
_TIME = (
    "starttime", "time", "timeofday", "hour", "intervaltime", "usagestarttime", "usagetime", "readtime", "uhrzeit",
    "zeit", "heure", "hora",
)  # fmt: skip
_VALUE = (
    "value", "usage", "usagequantity", "quantity", "consumption", "energy", "energyconsumption", "energyconsumed",
    "energyusage", "usagevalue", "usageamount", "reading", "readvalue", "readingvalue", "meterreading",
    "meterread", "read", "totalusage", "netusage", "net", "billedusage", "activeenergy", "import", "demandusage",
    "electricity", "electricusage", "electricityusage", "gas", "gasusage", "gasconsumption", "electricityconsumption",
    "wert", "verbrauch", "energie", "menge", "consommation", "consumo", "volume",
)  # fmt: skip
_UNIT = (
    "unit", "units", "usageunits", "usageunit", "unitofmeasure", "uom", "uomcode", "unitsofmeasure", "measurementunit",
    "energyunit", "einheit", "unite", "unité", "unidad",
)  # fmt: skip
_ESTIMATED = (
    "estimated", "estimation", "isestimated", "estimate", "readtype", "readingtype", "readingstatus", "readstatus",
    "readtypecode", "estimatedflag", "actualestimated", "estimatedactual", "actualorestimated", "billtype",
    "estimatedvalue", "meterreadtype",
)  # fmt: skip
_STATION = ("station", "stationid", "usaf", "usafid", "weatherstation", "weatherstationid", "isdstation", "usafnumber")

SYNONYMS: dict[Kind, dict[str, tuple[str, ...]]] = {
    "trace_records": {
        "trace_id": _TRACE,
        "trace": ("trace",),
        "start": _START,
        "end": _END,
        "time": _TIME,
        "end_time": ("endtime", "timeend", "usageendtime"),
        "value": _VALUE,
        "estimated": _ESTIMATED,
        "unit": _UNIT,
    },
    "weather_records": {
        "station": _STATION,
        "dataset": ("dataset",),
        "start": _START,
        "time": _TIME,
        "temperature": (
            "temperature", "temp", "airtemperature", "airtemp", "drybulb", "drybulbtemperature", "tempf", "tempc",
            "temperaturef", "temperaturec", "tempfahrenheit", "tempcelsius", "tf", "tc", "value", "outdoortemperature",
            "oat",
        ),
        "unit": ("unit", "units", "temperatureunit", "tempunit"),
    },
    "projects": {
        "project_id": (
            "projectid", "project", "projectnumber", "projectname", "buildingid", "siteid", "propertyid", "id",
        ),
        "baseline_period_start": (
            "baselineperiodstart", "baselinestart", "baselinestartdate", "baselineperiodstartdate",
        ),
        "baseline_period_end": (
            "baselineperiodend", "baselineend", "baselineenddate", "baselineperiodenddate", "workstart",
            "workstartdate", "installationstart", "installationstartdate", "projectstart", "projectstartdate",
        ),
        "reporting_period_start": (
            "reportingperiodstart", "reportingstart", "reportingstartdate", "reportingperiodstartdate", "workend",
            "workenddate", "workcomplete", "completiondate", "installationend", "installationenddate", "projectend",
            "projectenddate", "installationcompletiondate",
        ),
        "reporting_period_end": ("reportingperiodend", "reportingend", "reportingenddate", "reportingperiodenddate"),
        "zipcode": ("zipcode", "zip", "postalcode", "zip5", "postcode"),
        "weather_station": ("weatherstation", "weatherstationid", "station", "usaf", "usafid"),
        "weather_normal_station": ("weathernormalstation", "weathernormalstationid", "normalstation", "tmy3station"),
        "timezone": ("timezone", "tz", "timezonename"),
    },
    "traces": {
        "trace_id": _TRACE,
        "interpretation": ("interpretation", "traceinterpretation", "fueltype", "fuel", "metertype"),
        "unit": _UNIT,
        "heat_content": ("heatcontent", "heatingvalue", "thermfactor", "thermmultiplier"),
        "readings": ("readings", "readingskind"),
        "zero_is_reading": ("zeroisreading",),
        "project_id": ("projectid", "project", "projectids", "buildingid", "siteid", "propertyid"),
        "projects": ("projects",),
    },
}  # fmt: skip
