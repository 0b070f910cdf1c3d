"""Create, list and revoke the API's bearer tokens: `python -m infra.tokens --help`.

The commands work on a stack on AWS, named with --stack, or else on the local stack that is running.
"""

import argparse
import sys
from datetime import UTC, datetime

from botocore.exceptions import BotoCoreError, ClientError

from infra.deployment.cloudformation import StackError
from infra.deployment.environment import SCOPES
from infra.local.server import LocalStackError
from infra.local.target import STACK_HELP, use


class TokenError(Exception):
    """A command that cannot be carried out; the message says why and what to do."""


def create(name: str, scope: list[str], expires: datetime | None) -> None:
    """Print the secret of a new token, which cannot be shown again."""
    from chalicelib.store import tokens  # reads the environment that `use` sets

    print(tokens.create(name, set(scope), expires))


def list_() -> None:
    """Print a line for each token, oldest first."""
    from chalicelib.store import tokens

    for token in tokens.list_all():
        expires = token.expires.isoformat() if token.expires else "does not expire"
        print(f"{token.name}  {','.join(sorted(token.scopes))}  {expires}")


def revoke(name: str) -> None:
    """Revoke every token of this name. Raises TokenError when there is none."""
    from chalicelib.store import tokens

    count = tokens.delete(name)
    if not count:
        raise TokenError(f"There is no token named {name!r}. `python -m infra.tokens list` shows the names.")
    print(f"Revoked {count} token{'s' if count > 1 else ''} named {name!r}.")


def _expiry(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date such as 2027-01-01") from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if moment <= datetime.now(UTC):
        raise argparse.ArgumentTypeError(f"{text} has passed, so the token would never be valid; give a later date")
    return moment


def _name(text: str) -> str:
    if not text.strip():
        raise argparse.ArgumentTypeError("a token needs a name")
    return text.strip()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m infra.tokens", description="The API's bearer tokens.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    create_ = commands.add_parser("create", help="create a token and show its secret, once")
    create_.add_argument("name", type=_name, help="who or what uses it")
    scopes = "what it may do; repeat it for several, since none implies another (admin is reserved for managing tokens)"
    create_.add_argument("--scope", action="append", required=True, choices=SCOPES, help=scopes)
    create_.add_argument("--expires", type=_expiry, metavar="DATE", help="such as 2027-01-01 (UTC); default: never")
    create_.set_defaults(command=create)
    listing = commands.add_parser("list", help="show each token's name, scopes and expiry")
    listing.set_defaults(command=list_)
    revoke_ = commands.add_parser("revoke", help="revoke the tokens of a name")
    revoke_.add_argument("name")
    revoke_.set_defaults(command=revoke)
    for command in (create_, listing, revoke_):
        command.add_argument("--stack", metavar="NAME", help=STACK_HELP)
    return parser


def main() -> None:
    """Run the command given on the command line."""
    arguments = vars(_parser().parse_args())
    command, stack = arguments.pop("command"), arguments.pop("stack")
    try:
        use(stack)
        command(**arguments)
    except (TokenError, LocalStackError, StackError, BotoCoreError, ClientError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
