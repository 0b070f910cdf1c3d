"""The command `datastore`."""

import typer

from datastore_client.command_line import aggregates, checks, deletes, exports, loading, logins, results, runs

app = typer.Typer(
    name="datastore",
    help="Load meters into an EEmeter datastore, run them, and get their savings. "
    "Exit codes: 0 done; 1 failed; 2 wrong usage; 3 done, but rows were rejected or runs have failed; "
    "4 not authorized; 130 interrupted.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
for command in (
    logins.login,
    loading.load,
    checks.check,
    runs.run,
    runs.watch,
    aggregates.aggregate,
    results.results,
    exports.export,
    deletes.delete,
):
    app.command()(command)


def main() -> None:
    """Run the command line."""
    app()
