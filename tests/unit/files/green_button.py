"""Small Green Button files. Those with the name of a utility have the structure of a public sample of it."""

from collections.abc import Iterable
from typing import Any

ATOM, ESPI = "http://www.w3.org/2005/Atom", "http://naesb.org/espi"
START = 1_678_165_200  # 2023-03-07T05:00:00Z: midnight in New York

Reading = tuple[int | None, int | None, object, int | None]  # start, duration, value, quality


def hourly(values: Iterable[object], start: int = START, quality: int | None = None) -> list[Reading]:
    return [(start + 3600 * hour, 3600, value, quality) for hour, value in enumerate(values)]


def block(readings: Iterable[Reading], prefix: str = "", interval: tuple[int, int] | None = None) -> str:
    def one(name: str, text: object) -> str:
        return "" if text is None else f"<{prefix}{name}>{text}</{prefix}{name}>"

    parts = []
    if interval:
        parts.append(one("interval", one("duration", interval[0]) + one("start", interval[1])))
    for start, duration, value, quality in readings:
        period = one("duration", duration) + one("start", start)
        marked = one("ReadingQuality", one("quality", quality)) if quality is not None else ""
        inside = f"{one('cost', 907)}\n{marked}\n{one('timePeriod', period)}\n{one('value', value)}\n"
        parts.append(one("IntervalReading", inside))
    return one("IntervalBlock", "\n".join(parts))


def reading_type(prefix: str = "", **fields: object) -> str:
    inside = "".join(f"<{prefix}{name}>{value}</{prefix}{name}>" for name, value in fields.items())
    return f"<{prefix}ReadingType>{inside}</{prefix}ReadingType>"


def usage_point(kind: int | None = 0, prefix: str = "") -> str:
    category = "" if kind is None else f"<{prefix}kind>{kind}</{prefix}kind>"
    return f"<{prefix}UsagePoint><{prefix}ServiceCategory>{category}</{prefix}ServiceCategory></{prefix}UsagePoint>"


def entry(content: str, self: str = "", up: str = "", related: Iterable[str] = (), prefix: str = "") -> str:
    hrefs = [("self", self), ("up", up), *(("related", href) for href in related)]
    links = "".join(f'<{prefix}link rel="{rel}" href="{href}"/>\n' for rel, href in hrefs if href)
    return f"<{prefix}entry>\n{links}<{prefix}content>{content}</{prefix}content>\n</{prefix}entry>\n"


def feed(*entries: str, attributes: str = f'xmlns="{ATOM}" xmlns:espi="{ESPI}"', prefix: str = "") -> bytes:
    body = "".join(entries)
    start = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<{prefix}feed {attributes}>\n<{prefix}title>Usage</{prefix}title>\n'
    )
    return f"{start}{body}</{prefix}feed>\n".encode()


def linked(
    readings: Iterable[Reading],
    point: str = "User/7/UsagePoint/8842",
    number: str = "01",
    kind: int | None = 0,
    base: str = "",
    **type: object,
) -> list[str]:
    """The entries of a UsagePoint with one MeterReading, linked as the standard says."""
    meter, type_href = f"{base}{point}/MeterReading/{number}", f"{base}ReadingType/{point[-4:]}-{number}"
    fields: dict[str, Any] = {"flowDirection": 1, "powerOfTenMultiplier": 0, "uom": 72} | type
    return [
        entry(usage_point(kind), base + point, f"{base}{point}".rpartition("/")[0], [f"{base}{point}/MeterReading"]),
        entry("<MeterReading/>", meter, meter.rpartition("/")[0], [f"{meter}/IntervalBlock", type_href]),
        entry(reading_type(**fields), type_href, f"{base}ReadingType"),
        entry(block(readings), f"{meter}/IntervalBlock/1", f"{meter}/IntervalBlock"),
    ]


def pge_gas() -> bytes:
    """Pacific Gas and Electric: prefixes ns0 and ns1, a block per day that starts one second late, therms by 1e-8."""
    ns, atom, base = "ns0:", "ns1:", "https://api.pge.com/GreenButtonConnect/espi/1_1/resource/"
    meter = f"{base}Subscription/12/UsagePoint/9026920544/MeterReading/aQ"
    return feed(
        entry(usage_point(1, ns), f"{base}Subscription/12/UsagePoint/9026920544", prefix=atom),
        entry(f"<{ns}MeterReading/>", meter, related=[f"{base}ReadingType/MTI="], prefix=atom),
        entry(
            reading_type(ns, accumulationBehaviour=4, commodity=7, flowDirection=1, powerOfTenMultiplier=-8, uom=169),
            f"{base}ReadingType/MTI=",
            prefix=atom,
        ),
        *(
            entry(
                block([(start, 86400, 103659540, 17)], ns, (86400, start)),
                f"{meter}/IntervalBlock/{start}",
                f"{meter}/IntervalBlock",
                prefix=atom,
            )
            for start in (1331794801, 1331881201)
        ),
        attributes=f'xmlns:ns0="{ESPI}" xmlns:ns1="{ATOM}"',
        prefix=atom,
    )


def sce() -> bytes:
    """Southern California Edison: each link and entry twice, and a second ReadingType with the same href."""
    entries = linked(
        [(1433660400 + 900 * i, 900, 210, None) for i in range(4)], base="https://x.org/espi/1_1/resource/"
    )
    twice = [
        one.replace("<content>", one[one.index("<link") : one.index("<content>")] + "<content>") for one in entries
    ]
    again = twice[2].replace("<uom>72", "<accumulationBehaviour>2</accumulationBehaviour><uom>72")
    return feed(twice[0], twice[2], again, twice[1], twice[1], twice[3])


def both_directions() -> bytes:
    """Energy to and from the customer of one UsagePoint, the ReadingTypes at the end."""
    given = linked(hourly([500, 0]), number="01")
    received = linked(hourly([0, 300]), number="02", flowDirection=19)
    return feed(given[0], given[1], given[3], received[1], received[3], given[2], received[2])


def eversource() -> bytes:
    """Eversource: content before links, relative hrefs, months, and the same id in each customer's file."""
    ns, atom, point = "ns:", "atom:", "User/9b6c7063/UsagePoint/01"

    def turned(content: str, *links: str) -> str:
        text = entry(content, links[0], links[1], links[2:], atom)
        start, end = text.index("<atom:link"), text.index("<atom:content>")
        return text[:start] + text[end:].replace("</atom:entry>", text[start:end] + "</atom:entry>")

    return feed(
        turned(usage_point(0, ns), point, "User/9b6c7063/UsagePoint", f"{point}/MeterReading"),
        turned(
            f"<{ns}MeterReading/>",
            f"{point}/MeterReading/01",
            f"{point}/MeterReading",
            f"{point}/MeterReading/01/IntervalBlock",
            "ReadingType/07",
        ),
        turned(
            block([(1735603200, 2592000, 496000, 0), (1738195200, 2505600, 512000, 8)], ns),
            f"{point}/MeterReading/01/IntervalBlock/0173",
            f"{point}/MeterReading/01/IntervalBlock",
        ),
        turned(
            reading_type(ns, accumulationBehaviour=4, intervalLength=2678400, powerOfTenMultiplier=0, uom=72),
            "ReadingType/07",
            "ReadingType",
        ),
        attributes=f'xmlns:ns="{ESPI}" xmlns:atom="{ATOM}"',
        prefix=atom,
    )


def utility_api() -> bytes:
    """UtilityAPI: the ReadingTypes of both fuels first, the newest reading first, and empty MeterReadings."""
    point = "User/237422/UsagePoint/1402026"
    return feed(
        entry(reading_type(powerOfTenMultiplier=0, uom=72, flowDirection=1), "ReadingType/01", "ReadingType"),
        entry(reading_type(powerOfTenMultiplier=0, uom=169, flowDirection=1), "ReadingType/02", "ReadingType"),
        entry(usage_point(), point, "User/237422/UsagePoint", [f"{point}/MeterReading"]),
        entry("<MeterReading/>", f"{point}/MeterReading/01", f"{point}/MeterReading", ["ReadingType/01"]),
        entry(
            block(reversed(hourly([320, 920]))),
            f"{point}/MeterReading/01/IntervalBlock/202303",
            f"{point}/MeterReading/01/IntervalBlock",
        ),
    )


def bidgely() -> bytes:
    """Ameren and others of Bidgely: a prefix espi, links before content, and the quality 17 everywhere."""
    entries = linked(hourly([1, 2], quality=17), point="Customer/39977728884556036/UsagePoint/9197038246783565677")
    types = ("UsagePoint", "MeterReading", "ReadingType", "IntervalBlock", "IntervalReading", "timePeriod", "duration")
    names = (*types, "start", "value", "quality", "ReadingQuality", "uom", "ServiceCategory", "kind", "flowDirection")
    text = feed(*entries).decode()
    for name in (*names, "powerOfTenMultiplier"):
        text = text.replace(f"<{name}>", f"<espi:{name}>").replace(f"</{name}>", f"</espi:{name}>")
        text = text.replace(f"<{name}/>", f"<espi:{name}/>")
    return text.encode()


def without_links() -> bytes:
    """No links: the resources in order, and the namespace per resource."""
    own = f' xmlns="{ESPI}"'
    return feed(
        entry(f"<LocalTimeParameters{own}><tzOffset>-18000</tzOffset></LocalTimeParameters>"),
        entry(usage_point().replace("<UsagePoint>", f"<UsagePoint{own}>")),
        entry(reading_type(intervalLength=3600, powerOfTenMultiplier=-3, uom=72, flowDirection=1)),
        entry(block(hourly([1500, 2500]))),
        entry(block(hourly([3500], START + 7200))),
    )


def mixed_hrefs() -> bytes:
    """A ReadingType below its MeterReading, and hrefs that are absolute or relative, by customer or not."""
    base, point = "https://utility.example/gbc/v1/resource/", "UsagePoint/MTIzNDU2"
    meter = f"{point}/MeterReading/aB"
    return feed(
        entry(usage_point(), f"{base}RetailCustomer/4/{point}", f"{base}RetailCustomer/4/UsagePoint"),
        entry("<MeterReading/>", f"{base}Subscription/8/{meter}", f"{base}Subscription/8/{point}/MeterReading"),
        entry(reading_type(uom=72, powerOfTenMultiplier=0), f"/{meter}/ReadingType/01"),
        entry(block(hourly([10])), f"/espi/1_1/resource/{meter}/IntervalBlock/01"),
    )


def nested() -> bytes:
    """Files without Atom: the resources in each other, and a register that is read at an instant."""
    inside = reading_type(accumulationBehaviour=3, uom=119, powerOfTenMultiplier=2) + block(
        [(START, 0, 7001, None), (START + 2_592_000, 0, 7042, None)]
    )
    point = usage_point(1).replace("</UsagePoint>", f"<MeterReading>{inside}</MeterReading></UsagePoint>")
    return f'<ServiceProvider xmlns="{ESPI}"><RetailCustomer>{point}</RetailCustomer></ServiceProvider>'.encode()


def bare() -> bytes:
    """A single IntervalBlock, whose readings only have the times of the block."""
    text = block([(None, None, 5, None)], interval=(3600, START))
    return text.replace("<IntervalBlock>", f'<IntervalBlock xmlns="{ESPI}">').encode()


def both_fuels() -> bytes:
    """Electricity and gas of one customer."""
    gas = linked([(START, 86400, 12, None)], point="User/7/UsagePoint/5510", kind=1, uom=169, powerOfTenMultiplier=-1)
    return feed(*linked(hourly([100])), *gas)
