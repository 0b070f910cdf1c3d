"""How tables look."""

from collections.abc import Collection

from rich import box
from rich.table import Table

from datastore_client.savings import Savings

SAVED = ["Baseline", "Reporting", "Saved", "Saved %"]


def table(title: str, headings: list[str], right: int = 0, wrapped: Collection[str] = ()) -> Table:
    """Return an empty table. right: how many columns, from the first or (if negative) the last, have numbers."""
    made = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    numbers = headings[:right] if right >= 0 else headings[right:]
    for heading in headings:
        made.add_column(
            heading,
            justify="right" if heading in numbers else "left",
            no_wrap=heading not in wrapped,
            overflow="fold" if heading in wrapped else "ellipsis",
        )
    return made


def saved_cells(baseline: float | None, reporting: float | None, savings: Savings | None) -> list[str]:
    """Return the cells of SAVED."""
    if savings is None:
        return [_number(baseline), _number(reporting), "none", ""]
    percent = "" if savings.percent is None else f"{savings.percent:.1f} ± {savings.percent_half_width:.1f}"
    return [
        _number(baseline),
        _number(reporting),
        f"{savings.value:,.0f} ± {savings.half_width:,.0f}",
        percent,
    ]


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}"
