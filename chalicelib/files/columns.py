"""Which column of a file is what, by the names that meter data, utilities and Portfolio Manager give their columns."""

import re
from collections.abc import Mapping, Sequence

from chalicelib import vocabulary
from chalicelib.files.options import FileError, Kind

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
    "vondatum", "beginn", "zeitstempel", "datumuhrzeit", "horodate", "debut", "début", "datedebut", "datedébut",
    "fecha", "datum", "date", "readdate", "readingdate", "usagedate", "meterreaddate", "day", "localdate", "tag",
)  # fmt: skip
_END = (
    "end", "endtime", "enddate", "enddatetime", "datetimeend", "endtimestamp", "intervalend", "intervalendtime",
    "intervalenddatetime", "periodend", "periodenddate", "billingend", "billingenddate", "billend", "billenddate",
    "billingperiodend", "billingperiodenddate", "serviceto", "servicetodate", "serviceend", "serviceenddate", "todate",
    "to", "dateto", "usageenddate", "usageend", "readenddate", "readingend", "endread", "endofinterval", "bis",
    "bisdatum", "ende", "fin", "datefin",
)  # fmt: skip
_TIME = (
    "starttime", "time", "timeofday", "hour", "intervaltime", "usagetime", "readtime", "uhrzeit", "zeit", "heure",
    "hora",
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
    "readtypecode", "estimatedflag", "actualestimated", "actualorestimated", "billtype",
    "estimatedvalue", "meterreadtype",
)  # fmt: skip
_STATION = ("station", "stationid", "usaf", "usafid", "weatherstation", "weatherstationid", "isdstation", "usafnumber")

_SYNONYMS: dict[Kind, dict[str, tuple[str, ...]]] = {
    "trace_records": {
        "trace_id": _TRACE,
        "trace": ("trace",),
        "start": _START,
        "end": _END,
        "time": _TIME,
        "end_time": ("endtime", "timeend"),
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
        "project_id": ("projectid", "project", "projectnumber", "projectname", "buildingid", "siteid", "propertyid", "id"),
        "baseline_period_start": ("baselineperiodstart", "baselinestart", "baselinestartdate", "baselineperiodstartdate"),
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
_REQUIRED: dict[Kind, tuple[tuple[str, ...], ...]] = {  # one name of each
    "trace_records": (("trace_id", "trace"), ("start",), ("value",)),
    "weather_records": (("station",), ("start",), ("temperature",)),
    "projects": (("project_id",),),
    "traces": (("trace_id",),),
}
MEASURED = {"trace_records": "value", "weather_records": "temperature"}
_BRACKETED = re.compile(r"[(\[]([^)\]]*)[)\]]")
_SEPARATORS = re.compile(r"[\s_\-./:#*°]+")


def plain(name: str) -> str:
    """The name of a column without what does not matter: case, spaces, `_`, `-` and units in brackets."""
    return _SEPARATORS.sub("", _BRACKETED.sub("", name).strip().lower())


def unit_in(name: str) -> str | None:
    """The unit of energy or gas in the name of a column, such as kWh of `Energy (kWh)` and `usage_kwh`; else None."""
    for text in (*_BRACKETED.findall(name), name, *re.split(r"[\s_\-./:]+", _BRACKETED.sub("", name))):
        if _is_unit(text.strip()):
            return str(text.strip())
    return None


def temperature_unit_in(name: str) -> str | None:
    """F or C if the name of a column of temperatures says so; else None."""
    words = re.findall(r"[a-z]+", name.lower())
    if not words or plain(name) in ("f", "c"):
        return None
    last = words[-1].removeprefix("temp").removeprefix("erature")
    return {"f": "F", "fahrenheit": "F", "degf": "F", "tf": "F", "c": "C", "celsius": "C", "degc": "C", "tc": "C"}.get(
        last
    )


def roles(names: Sequence[str], kind: Kind, mapping: Mapping[str, str]) -> dict[str, int]:
    """The position of the column of each API name that the file has.

    mapping: {API name: file column}. Raises FileError if it names a column that is not there, or an unknown API name.
    """
    found = _mapped(names, kind, mapping)
    spellings = [plain(name) for name in names]
    without_unit = [_without_unit(name) for name in names]
    for role, synonyms in _SYNONYMS[kind].items():
        if role in found:
            continue
        for spelled in (spellings, without_unit) if role in MEASURED.values() else (spellings,):
            position = next(
                (
                    spelled.index(name)
                    for name in synonyms
                    if name in spelled and spelled.index(name) not in found.values()
                ),
                None,
            )
            if position is not None:
                found[role] = position
                break
    if "trace" in found and "trace_id" not in mapping and "traceid" not in spellings:
        found.pop("trace_id", None)  # a name such as `id` means the trace's own id less surely than `trace`
    measured = MEASURED.get(kind)
    if measured == "value" and "value" not in found:  # a column that is only named after a unit
        for position, name in enumerate(names):
            if position not in found.values() and _is_unit(plain(name)):
                found["value"] = position
                break
    return _time_of_date(found, spellings)


def missing(found: Mapping[str, int], kind: Kind, given: Mapping[str, str | None]) -> list[str]:
    """The API names of the required columns that the file lacks and the options do not give."""
    return [
        " or ".join(names) for names in _REQUIRED[kind] if not any(name in found or given.get(name) for name in names)
    ]


def refusal(names: Sequence[str], lacking: Sequence[str], kind: Kind, line: int) -> FileError:
    """The error for a file whose header lacks columns."""
    shown = ", ".join(f'"{name}"' for name in names[:40] if name.strip()) or "no names"
    example = lacking[0].split(" ")[0]
    return FileError(
        f"The file has no column for {' and none for '.join(lacking)}. The columns in line {line} are {shown}. Rename the "
        f'columns to the names of the API, or map them: "columns": {{"{example}": "the name in your file"}}.'
        + (" A file without a line of column names cannot be read; add one." if line == 1 else "")
    )


def _mapped(names: Sequence[str], kind: Kind, mapping: Mapping[str, str]) -> dict[str, int]:
    found = {}
    for role, name in mapping.items():
        if role not in _SYNONYMS[kind]:
            known = ", ".join(_SYNONYMS[kind])
            raise FileError(f'"columns" maps "{role}", which is not a column of {kind}; use {known}.')
        exact = [position for position, given in enumerate(names) if given.strip() == name.strip()]
        alike = [position for position, given in enumerate(names) if plain(given) == plain(name)]
        if not exact and not alike:
            shown = ", ".join(f'"{given}"' for given in names[:40])
            raise FileError(f'"columns" maps "{role}" to "{name}", but the file\'s columns are {shown}.')
        found[role] = (exact or alike)[0]
    return found


def _time_of_date(found: dict[str, int], spellings: Sequence[str]) -> dict[str, int]:
    """Of two columns such as `Date` and `Start Time`, the date is `start`, the other one `time`."""
    dates = ("date", "usagedate", "readdate", "readingdate", "datum", "day", "tag", "fecha", "localdate")
    start, end = found.get("start"), found.get("end")
    date = next((spellings.index(name) for name in dates if name in spellings), None)
    if date is not None and start is not None and spellings[start] == "starttime" and date not in found.values():
        found["time"], found["start"] = start, date
    if end is not None and "time" in found and spellings[end] in ("endtime", "timeend"):
        found["end_time"] = found.pop("end")
    if "time" in found and "start" in found and spellings[found["start"]] not in dates:
        del found["time"]  # the start has its own time
        found.pop("end_time", None)
    return found


def _without_unit(name: str) -> str:
    words = [word for word in re.split(r"[\s_\-./:]+", _BRACKETED.sub("", name)) if word]
    return plain(" ".join(word for word in words if not _is_unit(word)))


def _is_unit(text: str) -> bool:
    if not text or text.lower() == "th":  # a short form of therm, but also of "the 5th"
        return False
    try:
        vocabulary.normalized_unit(text)
    except vocabulary.HeatContentError:
        return True
    except ValueError:
        return False
    return True
