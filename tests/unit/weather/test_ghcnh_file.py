"""GHCNh's files in every layout, and their bad rows, fetched from a local server."""

from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.weather import SOURCES, Unusable
from tests.file_server import FileServer
from tests.unit.weather.ghcnh_layouts import (
    FILE,
    ID,
    LAYOUTS,
    OBSERVED,
    STATION,
    YEAR,
    Layout,
    by_station,
    by_year_2025,
    by_year_2026,
    from_the_service,
    unpadded,
    without_codes,
)

HOUR = 3_600_000_000
FIRST = int(datetime(YEAR, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000


def fetched(server: FileServer, lines: list[str]) -> list[tuple[int, float]]:
    """Return the hours read from a file: hours since the start of the year, and °C."""
    server.files[FILE] = "\n".join([*lines, ""]).encode()
    hours = SOURCES["ghcnh"](server.url, STATION, YEAR)
    assert hours is not None
    return [((start - FIRST) // HOUR, round((fahrenheit - 32) / 1.8, 6)) for start, fahrenheit in hours]


def logged(caplog: pytest.LogCaptureFixture) -> list[tuple[int, int, str]]:
    """Return the number of rows, of skipped rows, and the first skipped row of each warning."""
    entries = [vars(record) for record in caplog.records if record.levelname == "WARNING"]
    assert all(entry["message"] == "skipped unreadable rows" for entry in entries)
    return [(entry["rows"], entry["skipped"], entry["first"]) for entry in entries]


class TestLayouts:
    @pytest.mark.parametrize("layout", LAYOUTS)
    def test_all_give_the_same_hours(
        self, server: FileServer, caplog: pytest.LogCaptureFixture, layout: Layout
    ) -> None:
        hours = fetched(server, layout(OBSERVED))
        day = (31 + 29) * 24
        assert [hour - day for hour, _ in hours] == [0, 1, 2, 3, 4, 23, 24, 25, 26, 27]  # up to an hour from each
        assert dict(hours)[day + 2] == pytest.approx(1 + (0.5 + 0.5 * (13 + 29.5) / 60), abs=0.05)
        assert logged(caplog) == []

    def test_a_repeated_header_is_not_a_row(self, server: FileServer, caplog: pytest.LogCaptureFixture) -> None:
        whole = fetched(server, by_year_2025(OBSERVED))
        assert fetched(server, by_year_2025(OBSERVED[:3]) + by_year_2025(OBSERVED[3:])) == whole
        assert logged(caplog) == []

    def test_a_repeated_header_may_change_the_layout(self, server: FileServer) -> None:
        whole = fetched(server, by_year_2025(OBSERVED))
        parts = by_year_2025(OBSERVED[:2]) + by_station(OBSERVED[2:4]) + from_the_service(OBSERVED[4:])
        assert fetched(server, parts) == whole

    def test_a_byte_order_mark_and_windows_line_ends_change_nothing(self, server: FileServer) -> None:
        whole = fetched(server, by_year_2026(OBSERVED))
        server.files[FILE] = "\r\n".join([*by_year_2026(OBSERVED), "", ""]).encode("utf-8-sig")
        assert len(SOURCES["ghcnh"](server.url, STATION, YEAR) or ()) == len(whole)

    def test_an_offset_is_applied(self, server: FileServer) -> None:
        [(hour, celsius)] = fetched(server, ["DATE,temperature", f"{YEAR}-01-01T06:00:00+02:00,12.5"])
        assert (hour, celsius) == (4, 12.5)


BAD = [
    ("-None", "'-None' is not a temperature"),
    ("nan", "nan is not a temperature from -90 to 60 °C"),
    ("99.0", "99.0 is not a temperature from -90 to 60 °C"),
    ("-120", "-120 is not a temperature from -90 to 60 °C"),
]
TIMES = [
    f"{YEAR}-02-30T00:00:00",
    f"{YEAR}-02-03",
    "",
    "yesterday",
    f"{YEAR}-01-01T24:30:00",
    "0001-01-01T00:00:00+05:00",
]


class TestBadRows:
    @pytest.mark.parametrize(("value", "why"), BAD)
    @pytest.mark.parametrize("layout", LAYOUTS)
    def test_a_bad_value_is_a_missing_hour(
        self, server: FileServer, caplog: pytest.LogCaptureFixture, layout: Layout, value: str, why: str
    ) -> None:
        good = fetched(server, layout(OBSERVED))
        assert fetched(server, layout([*OBSERVED[:4], (f"{YEAR}-06-01T12:00:00", value), *OBSERVED[4:]])) == good
        [entry] = logged(caplog)
        assert entry == (9, 1, f"line 6, cannot be read: {why}")

    @pytest.mark.parametrize("time", TIMES)
    def test_a_row_without_an_instant_is_skipped(
        self, server: FileServer, caplog: pytest.LogCaptureFixture, time: str
    ) -> None:
        good = fetched(server, without_codes(OBSERVED))
        assert fetched(server, without_codes([(time, "10.0"), *OBSERVED])) == good
        [entry] = logged(caplog)
        assert entry == (9, 1, f"line 2, cannot be read: {time!r} is not a date and time")

    @pytest.mark.parametrize("layout", [by_station, unpadded])
    def test_a_row_without_an_instant_in_five_columns(self, server: FileServer, layout: Layout) -> None:
        good = fetched(server, layout(OBSERVED))
        assert fetched(server, layout([*OBSERVED, (f"{YEAR}-02-30T01:00:00", "10.0")])) == good

    def test_rows_of_another_year_or_the_future_are_skipped(
        self, server: FileServer, caplog: pytest.LogCaptureFixture
    ) -> None:
        good = fetched(server, without_codes(OBSERVED))
        assert fetched(server, without_codes([(f"{YEAR - 1}-12-31T23:59:00", "10.0"), *OBSERVED])) == good
        [entry] = logged(caplog)
        assert entry[1:] == (1, f"line 2, cannot be read: {YEAR - 1}-12-31T23:59Z is in the future or not in {YEAR}")
        now = datetime.now(UTC)
        dates = [now - timedelta(hours=2), now + timedelta(hours=2)]
        for year in {date.year for date in dates}:
            name = f"/by-year/{year}/psv/GHCNh_{ID}_{year}.psv"
            lines = without_codes([(f"{date:%Y-%m-%dT%H:%M:%S}", "10.0") for date in dates])
            server.files[name] = "\n".join(lines).encode()
        assert len(SOURCES["ghcnh"](server.url, STATION, dates[0].year) or ()) == 1

    def test_rows_of_another_station_are_skipped(self, server: FileServer, caplog: pytest.LogCaptureFixture) -> None:
        lines = by_year_2025(OBSERVED)
        good = fetched(server, lines)
        other = lines[1].replace(ID, "USW00023152", 1)
        assert fetched(server, [*lines, other]) == good
        [entry] = logged(caplog)
        assert entry == (9, 1, "line 10, cannot be read: it belongs to station USW00023152")

    def test_truncated_rows_and_trailing_lines_are_skipped(
        self, server: FileServer, caplog: pytest.LogCaptureFixture
    ) -> None:
        lines = by_year_2025(OBSERVED)
        good = fetched(server, lines)
        assert fetched(server, [*lines, lines[1][:60], "# 8 records"]) == good
        [entry] = logged(caplog)
        assert entry == (10, 2, "line 10, cannot be read: it has only 4 columns")

    def test_an_unterminated_cell_is_skipped(self, server: FileServer, caplog: pytest.LogCaptureFixture) -> None:
        lines = from_the_service(OBSERVED)
        good = fetched(server, lines)
        assert fetched(server, [*lines, '"' + "1," * 100_000]) == good
        assert [entry[:2] for entry in logged(caplog)] == [(9, 1)]

    @pytest.mark.parametrize("value", ["", " ", "9999", "-9999", "-9999.9", "999.9"])
    def test_a_row_marked_as_missing_is_not_a_bad_row(
        self, server: FileServer, caplog: pytest.LogCaptureFixture, value: str
    ) -> None:
        assert fetched(server, by_year_2025([(f"{YEAR}-06-01T12:00:00", value)])) == []
        assert logged(caplog) == []

    def test_a_file_with_only_bad_rows_is_unusable(self, server: FileServer) -> None:
        lines = by_year_2026([(date, "-None") for date, _ in OBSERVED])
        with pytest.raises(Unusable) as problem:
            fetched(server, lines)
        assert str(problem.value) == (
            f"GHCNh_{ID}_{YEAR}.psv, line 2, cannot be read: '-None' is not a temperature. None of its 8 rows can be"
            " read."
        )

    def test_an_html_page_is_quoted(self, server: FileServer) -> None:
        with pytest.raises(Unusable, match="no column DATE and no temperature: its first line is '<html>'"):
            fetched(server, ["<html>", "<body>service overloaded</body>"])

    @pytest.mark.parametrize(
        ("names", "what"),
        [("STATION|Year|Month|Day|Hour|temperature", "DATE"), ("STATION|DATE|wind_speed", "temperature")],
    )
    def test_a_missing_column_is_named(self, server: FileServer, names: str, what: str) -> None:
        with pytest.raises(Unusable, match=f"has no column {what}: its first line is"):
            fetched(server, [names])
