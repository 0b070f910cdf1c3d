"""Bearer tokens, stored only as SHA-256 hashes."""

import hashlib
import secrets
from datetime import datetime

from chalicelib.store.tables.access import Token
from chalicelib.store.tables.base import now


def create(name: str, scopes: set[str], expires: datetime | None = None) -> str:
    """Create a token and return its secret, which cannot be retrieved later."""
    secret = "eem_" + secrets.token_urlsafe(32)
    Token(_hash(secret), name=name, scopes=scopes, expires=expires).save()
    return secret


def find(secret: str) -> Token | None:
    """The token with this secret; None if it does not exist or has expired."""
    try:
        token = Token.get(_hash(secret), consistent_read=True)
    except Token.DoesNotExist:
        return None
    return None if token.expires is not None and token.expires <= now() else token


def list_all() -> list[Token]:
    """All tokens, oldest first."""
    return sorted(Token.scan(), key=lambda token: token.added)


def delete(name: str) -> int:
    """Revoke the tokens with this name; returns their number."""
    found = [token for token in Token.scan() if token.name == name]
    for token in found:
        token.delete()
    return len(found)


def _hash(secret: str) -> str:
    # The secret has 256 random bits, so a plain hash cannot be reversed by guessing.
    return hashlib.sha256(secret.encode()).hexdigest()
