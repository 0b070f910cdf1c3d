"""The models, computed once for each input: they are pure, and take most of the time."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

from chalicelib.store.shared import documents

_computed: dict[str, bytes] = {}  # outputs by the hash of their input


def remembered(compute: Callable[[dict[str, Any]], dict[str, Any]], given: dict[str, Any]) -> dict[str, Any]:
    """The output of a model, computed or remembered."""
    key = hashlib.sha256(documents.to_json(given)).hexdigest()
    if key not in _computed:
        _computed[key] = json.dumps(compute(given)).encode()
    found: dict[str, Any] = json.loads(_computed[key])
    return found
