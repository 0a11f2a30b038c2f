"""The file of findings that are known already: what `lint -o json` printed one day."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from helpers.cli.policy_input import BadInput


def read_baseline(path: str) -> Sequence[Mapping[str, Any]]:
    """The findings in a baseline; none without a path. Raises BadInput."""
    if not path:
        return ()
    try:
        found = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(f"the baseline {path} can't be read: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise BadInput(f"the baseline {path} is no JSON. {_HOW}") from None
    listing = found.get("findings") if isinstance(found, Mapping) else None
    if not isinstance(listing, list) or not all(isinstance(one, Mapping) and "id" in one for one in listing):
        raise BadInput(f"the baseline {path} holds no findings. {_HOW}")
    return listing


_HOW = "Write it with `python -m helpers lint -f … -o json > FILE`"
