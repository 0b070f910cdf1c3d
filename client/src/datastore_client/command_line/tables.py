"""How tables look."""

from rich import box
from rich.table import Table

from datastore_client.savings import Savings

SAVED = ["Baseline", "Reporting", "Saved", "Saved %"]


def table(title: str, texts: list[str], numbers: list[str]) -> Table:
    """Return an empty table: columns of texts, which may be wrapped, then of numbers, which are not."""
    made = Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )
    for heading in texts:
        made.add_column(heading, overflow="fold")
    for heading in numbers:
        made.add_column(heading, justify="right", no_wrap=True)
    return made


def saved_cells(baseline: float | None, reporting: float | None, savings: Savings | None) -> list[str]:
    """Return the cells of SAVED."""
    if savings is None:
        return [_number(baseline), _number(reporting), "none", ""]
    percent = "" if savings.percent is None else f"{savings.percent:.1f} ± {savings.percent_half_width:.1f}"
    saved = f"{savings.value:,.0f} ± {savings.half_width:,.0f}"
    return [_number(baseline), _number(reporting), saved, percent]


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}"
