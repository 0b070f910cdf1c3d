"""Write the columns of exports to docs/exports.md and to the Glue table: `python -m infra.checks.export_columns`."""

import re
from collections.abc import Sequence

from chalicelib.store.exports.columns import COLUMNS, Column
from infra.sources import REPOSITORY

PAGE = REPOSITORY / "docs" / "exports.md"
TEMPLATE = REPOSITORY / "infra" / "template" / "resources.yaml"
NAME = "infra/checks/export_columns.py"
BEGIN, END = f"<!-- begin {NAME} -->\n", f"<!-- end {NAME} -->"
GLUE_BEGIN, GLUE_END = f"          Columns:  # written by {NAME}\n", "          # end of the columns\n"
GLUE_TYPES = {"integer": "bigint", "number": "double", "text": "string", "boolean": "boolean", "time": "timestamp"}


def tables() -> str:
    """Return the columns of each kind in Markdown."""
    return "\n".join(f"### {kind}\n\n{_table(columns)}" for kind, columns in COLUMNS.items())


def glue_columns() -> str:
    """Return the columns of the Glue table of savings in YAML."""
    lines = (
        f"            - {{Name: {column.name}, Type: {GLUE_TYPES[column.type]}}}\n" for column in COLUMNS["savings"]
    )
    return "".join(lines)


def updated_page(page: str) -> str:
    """Return the page with the current columns."""
    return _between(page, BEGIN, END, tables())


def updated_template(template: str) -> str:
    """Return the template with the current columns."""
    return _between(template, GLUE_BEGIN, GLUE_END, glue_columns())


def _table(columns: Sequence[Column]) -> str:
    rows = ["| column | type | unit | what it is |", "|---|---|---|---|"]
    rows += [f"| `{name}` | {kind} | {unit} | {description} |" for name, kind, unit, description in columns]
    return "\n".join(rows) + "\n"


def _between(text: str, begin: str, end: str, content: str) -> str:
    return re.sub(
        f"({re.escape(begin)}).*?({re.escape(end)})", lambda found: found[1] + content + found[2], text, flags=re.DOTALL
    )


if __name__ == "__main__":
    PAGE.write_text(updated_page(PAGE.read_text()))
    TEMPLATE.write_text(updated_template(TEMPLATE.read_text()))
