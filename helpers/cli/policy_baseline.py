"""The file of findings that are known already: what `lint -o json` printed one day."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from helpers.cli.policy_input import BadInput
from helpers.policies.linting import Finding
from helpers.policies.reporting.baseline import unknown
from helpers.policies.wording import plural

_HOW = "Write it with `python -m helpers lint -f … -o json > FILE`"


def read_baseline(path: str) -> Sequence[Mapping[str, Any]]:
    """The findings in a baseline; none without a path. Raises BadInput."""
    if not path:
        return ()
    try:
        found = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(f"the baseline {path} can't be read: {error.strerror}. {_HOW}") from None
    except (ValueError, RecursionError):
        raise BadInput(f"the baseline {path} is no JSON. {_HOW}") from None
    listing = found.get("findings") if isinstance(found, Mapping) else None
    if not isinstance(listing, list) or not all(isinstance(one, Mapping) and "id" in one for one in listing):
        raise BadInput(f"the baseline {path} holds no findings. {_HOW}")
    return listing


def known_left_out(found: Sequence[Finding], baseline: Sequence[Mapping[str, Any]]) -> list[Finding]:
    """The findings that the baseline doesn't hold; how many it does, and how many of it are mended, is said on
    standard error."""
    fresh = unknown(found, baseline)
    known = len(found) - len(fresh)
    told = f"python -m helpers lint: {plural(known, 'finding')} of the baseline not listed"
    mended = len(baseline) - known
    if mended:
        told += f"; {mended} of the baseline not found any more, so write it anew"
    print(f"{told}.", file=sys.stderr)
    return fresh
