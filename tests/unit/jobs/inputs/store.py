"""A store in memory, and inputs whose weather it holds."""

import copy
from dataclasses import dataclass, field
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.jobs.inputs import weather
from chalicelib.jobs.inputs.instants import HOUR, instant
from chalicelib.metering.stations import nearest_stations
from chalicelib.store.series import series
from chalicelib.store.series.series import Column
from chalicelib.store.tables.base import now

ZIPCODE = "90007"  # near station 722874, whose year 2007 is part of the eeweather package
FIRST, SECOND = (ranked.station for ranked in nearest_stations(ZIPCODE)[:2])
YEAR = "2007-01-01T08:00:00+00:00", "2008-01-01T08:00:00+00:00"
NORMAL_YEAR = "2015-01-01T00:00:00+00:00", "2016-01-01T00:00:00+00:00"


@dataclass
class Memory:
    """An in-memory store with replacements for the store's functions."""

    series: dict[str, Column] = field(default_factory=dict)
    remembered: dict[str, Column] = field(default_factory=dict)  # series as the worker has listed them before
    notes: dict[str, Any] = field(default_factory=dict)
    settings: SimpleNamespace = field(
        default_factory=lambda: SimpleNamespace(
            weather_source="none", weather_url="http://127.0.0.1:9", normal_source="none", normal_url=""
        )
    )

    def append(self, prefix: str, column: Column) -> None:
        self.series.setdefault(prefix, Column()).extend(column)

    def read(
        self,
        prefix: str,
        start: int | None = None,
        end: int | None = None,
        *,
        share: bool = False,
        compact: bool = True,
    ) -> Column:
        return series.merged(self.series.get(prefix, Column())).between(start, end)

    def recall(
        self, prefix: str, start: int | None = None, end: int | None = None, *, since: datetime
    ) -> Column | None:
        found = self.remembered.get(prefix)
        return found and series.merged(found).between(start, end)

    def remember(self) -> None:
        """Have the worker use the lists of chunks that it makes now."""
        self.remembered = copy.deepcopy(self.series)

    def get(self, key: str) -> Any:
        if key not in self.notes:
            raise ClientError({"ResponseMetadata": {"HTTPStatusCode": 404}}, "GetObject")
        return self.notes[key]

    def fill(self, station: str, start: str, end: str, dataset: str = "observed", skip: int = 0, omit: int = 0) -> None:
        """Store a temperature for each hour, except the first `skip` hours and every `omit`-th one."""
        column = Column()
        for number, one in enumerate(range(instant(start) + skip * HOUR, instant(end), HOUR)):
            if not omit or number % omit:
                column.append(one, 50.0)
        self.append(series.weather_prefix(dataset, station), column)


def meter_input(station: str | None = None, **changes: Any) -> dict[str, Any]:
    """An input with a year of bills before the installation, and a given normal year."""
    return {
        "trace": {"records": [{"start": moment, "value": 1.0} for moment in YEAR]},
        "project": {
            "zipcode": ZIPCODE,
            "modeling_period_group": {
                "baseline_period": {"start": None, "end": YEAR[1]},
                "reporting_period": {"start": YEAR[1], "end": None},
            },
        },
        "weather": {"station": station},
        "weather_normal": {"station": None, "unit": "F", "records": []},
        "formatter_kwargs": None,
        **changes,
    }


def completed(document: dict[str, Any]) -> dict[str, Any]:
    weather.add_weather(document, since=now())
    found: dict[str, Any] = document["weather"]
    return found
