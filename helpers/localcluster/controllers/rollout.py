"""The arithmetic of a rollout: pure functions on numbers and templates."""

import hashlib
import json
import math
from typing import NamedTuple

from helpers.localcluster.api.storage.store import NAME_ALPHABET, Object

HASH_LABEL = "pod-template-hash"
REVISION = "deployment.kubernetes.io/revision"
_HASH_LENGTH = 10
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


class Limits(NamedTuple):
    """How far a rolling update may stray from the wanted number of pods."""

    surge: int
    unavailable: int


def limits(deployment: Object) -> Limits:
    """maxSurge and maxUnavailable in pods; a percentage of surge rounds up, of unavailable down."""
    wanted = replicas(deployment)
    rolling = (deployment["spec"].get("strategy") or {}).get("rollingUpdate") or {}
    surge = _resolve(rolling.get("maxSurge", "25%"), wanted, up=True)
    unavailable = _resolve(rolling.get("maxUnavailable", "25%"), wanted, up=False)
    # Both zero could never move.
    return Limits(surge, unavailable if surge or unavailable else 1)


def _resolve(value: int | str, wanted: int, *, up: bool) -> int:
    if isinstance(value, int):
        return value
    share = int(value.rstrip("%")) * wanted / 100
    return math.ceil(share) if up else math.floor(share)


def replicas(obj: Object) -> int:
    """spec.replicas of a Deployment or ReplicaSet; missing means one."""
    wanted = obj["spec"].get("replicas")
    return 1 if wanted is None else int(wanted)


def template_hash(template: Object) -> str:
    """Ten characters that stand for a pod template, the same for the same template."""
    text = json.dumps(template, sort_keys=True, separators=(",", ":"))
    number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
    letters = []
    for _ in range(_HASH_LENGTH):
        number, position = divmod(number, len(NAME_ALPHABET))
        letters.append(NAME_ALPHABET[position])
    return "".join(letters)


def without_hash(template: Object) -> Object:
    """The template as its Deployment carries it."""
    metadata = template.get("metadata") or {}
    labels = {key: value for key, value in (metadata.get("labels") or {}).items() if key != HASH_LABEL}
    return {**template, "metadata": {**metadata, "labels": labels}}


def with_hash(template: Object, hash: str) -> Object:
    metadata = template.get("metadata") or {}
    return {**template, "metadata": {**metadata, "labels": {**(metadata.get("labels") or {}), HASH_LABEL: hash}}}


def revision(obj: Object) -> int:
    """The rollout's number that an object carries; 0 without one."""
    text = (obj["metadata"].get("annotations") or {}).get(REVISION, "0")
    return int(text) if text.isdigit() else 0


def carried_annotations(deployment: Object, number: int) -> dict[str, str]:
    """What a ReplicaSet takes over from its Deployment's annotations, with its revision."""
    own = deployment["metadata"].get("annotations") or {}
    return {**{key: value for key, value in own.items() if key not in (_LAST_APPLIED, REVISION)}, REVISION: str(number)}


def grown(wanted: int, surge: int, current: int, total: int) -> int:
    """How many replicas the new ReplicaSet may have, when `total` pods exist altogether."""
    room = wanted + surge - total
    return current if room <= 0 else min(wanted, current + room)


def shrinkable(wanted: int, unavailable: int, total: int, new_unavailable: int) -> int:
    """How many old replicas may go, so that enough available ones stay."""
    return max(0, total - (wanted - unavailable) - new_unavailable)
