"""The three patch types: strategic merge, JSON merge (RFC 7386), JSON patch (RFC 6902)."""

import copy
from collections.abc import Sequence
from typing import Any

from helpers.localcluster.api.errors import ApiError, bad_request, unsupported_media_type
from helpers.localcluster.api.http.messages import encode_json
from helpers.localcluster.api.shapes.schema import Type

STRATEGIC = "application/strategic-merge-patch+json"
MERGE = "application/merge-patch+json"
JSON = "application/json-patch+json"
APPLY = ("application/apply-patch+yaml", "application/apply-patch+cbor")
NO_APPLY = "server-side apply is not part of this lab's cluster; use `kubectl apply` without --server-side"
DIRECTIVES = ("$patch", "$retainKeys", "$setElementOrder/", "$deleteFromPrimitiveList/")
MANY = 1000  # operations of one JSON patch
LARGEST = 3 * 1024 * 1024  # bytes of a patched object, as of a body

_GONE = object()  # a patch deleted this value


def check(media_type: str) -> None:
    """Raises ApiError 405 or 415 for patches that aren't taken."""
    if media_type in APPLY:
        raise ApiError(405, "MethodNotAllowed", NO_APPLY)
    if media_type not in (JSON, MERGE, STRATEGIC):
        raise unsupported_media_type((JSON, MERGE, STRATEGIC))


def apply(media_type: str, current: Any, patch: Any, type: Type) -> Any:
    """The patched copy of `current`. Raises ApiError 400, 413 or 422."""
    if media_type == STRATEGIC:
        patched = _strategic_object(current, patch, type)
    elif media_type == MERGE:
        patched = merge(current, patch)
    else:
        patched = _json_patch(current, patch)
    _bound(len(encode_json(patched)))
    return patched


def _bound(size: int) -> None:
    if size > LARGEST:
        raise ApiError(413, "RequestEntityTooLarge", f"the patched object is larger than {LARGEST >> 20} MiB")


def merge(current: Any, patch: Any) -> Any:
    """RFC 7386: null removes, objects merge, everything else replaces."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(current) if isinstance(current, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge(merged.get(name), value)
    return merged


def _json_patch(current: Any, patch: Any) -> Any:
    import jsonpatch  # only this rare verb pays for its import

    if not isinstance(patch, list) or not all(isinstance(item, dict) for item in patch):
        raise bad_request('a JSON patch is a list of operations, such as [{"op": "remove", "path": "/spec"}]')
    if len(patch) > MANY:
        raise bad_request(f"a JSON patch may have {MANY} operations at most")
    patched, size = copy.deepcopy(current), len(encode_json(current))
    try:
        for operation in patch:
            if operation.get("op") == "copy":  # the one operation that makes more of what is there
                size += len(encode_json(jsonpatch.JsonPointer(operation["from"]).resolve(patched)))
                _bound(size)
            patched = jsonpatch.JsonPatch([operation]).apply(patched, in_place=True)
    except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException, TypeError, KeyError) as error:
        raise ApiError(
            422, "Invalid", f"the server rejected our request due to an error in our request: {error}"
        ) from error
    return patched


def _strategic_object(current: Any, patch: Any, type: Type) -> Any:
    if not isinstance(patch, dict):
        raise bad_request("a strategic merge patch is an object")
    patched = strategic(current, patch, type)
    if not isinstance(patched, dict):
        raise bad_request("a patch cannot delete the whole object; use DELETE")
    return patched


def strategic(current: Any, patch: dict[str, Any], type: Type) -> Any:
    """Merge an object by the rules of its type; `_GONE` when the patch deletes it."""
    directive = patch.get("$patch")
    plain = {name: value for name, value in patch.items() if not name.startswith(DIRECTIVES)}
    if directive == "delete":
        return _GONE
    if directive == "replace":
        return plain
    merged = dict(current) if isinstance(current, dict) else {}
    kept = patch.get("$retainKeys")
    if isinstance(kept, list):
        merged = {name: value for name, value in merged.items() if name in kept}
    _delete_values(merged, patch)
    for name, value in plain.items():
        result = _field(merged.get(name), value, type, name)
        if result is _GONE:
            merged.pop(name, None)
        else:
            merged[name] = result
    _order(merged, patch, type)
    return merged


def _field(current: Any, value: Any, owner: Type, name: str) -> Any:
    if value is None:
        return _GONE
    inner = _type_of(owner, name)
    if isinstance(value, dict):
        return strategic(current, value, inner)
    if isinstance(value, list):
        return _list(current if isinstance(current, list) else [], value, owner, name, inner)
    return value


def _type_of(owner: Type, name: str) -> Type:
    if owner.shape == "map" and owner.item:
        return owner.item
    known = owner.structure
    return known.fields.get(name, Type("any")) if known else Type("any")


def _merge_keys(owner: Type) -> dict[str, str]:
    known = owner.structure
    return known.merge_keys if known else {}


def _list(current: list[Any], patch: list[Any], owner: Type, name: str, type: Type) -> list[Any]:
    key = _merge_keys(owner).get(name)
    if key is None:
        return patch
    if not key:
        held = {_identity(value) for value in current}
        return current + [value for value in patch if _identity(value) not in held]
    return _merge_by(key, current, patch, type.item or Type("any"))


def _merge_by(key: str, current: list[Any], patch: Sequence[Any], item: Type) -> list[Any]:
    if not all(isinstance(change, dict) for change in patch):
        raise bad_request(f"each item of a list that is merged by {key!r} must be an object")
    if any(change.get("$patch") == "replace" for change in patch):
        return [change for change in patch if change.get("$patch") != "replace"]
    merged = list(current)
    places: dict[str, list[int]] = {}  # where items with this key are
    for place, held in enumerate(merged):
        places.setdefault(_identity(held.get(key)), []).append(place)
    for change in patch:
        if key not in change:
            raise bad_request(f"map: {change} does not contain declared merge key: {key}")
        found = places.setdefault(_identity(change[key]), [])
        result = strategic(merged[found[0]] if found else {}, change, item)
        if found:
            merged[found[0]] = result
        elif result is not _GONE:
            found.append(len(merged))
            merged.append(result)
        if result is _GONE and found:
            found.pop(0)
    return [held for held in merged if held is not _GONE]


def _identity(value: Any) -> str:
    """Equal for equal values."""
    return repr(value)


def _delete_values(merged: dict[str, Any], patch: dict[str, Any]) -> None:
    for directive, values in patch.items():
        if directive.startswith("$deleteFromPrimitiveList/") and isinstance(values, list):
            name, gone = directive.partition("/")[2], {_identity(value) for value in values}
            merged[name] = [value for value in merged.get(name) or [] if _identity(value) not in gone]


def _order(merged: dict[str, Any], patch: dict[str, Any], type: Type) -> None:
    """Put lists into the order that the patch asks for; items that it doesn't name come last."""
    for directive, wanted in patch.items():
        if not directive.startswith("$setElementOrder/") or not isinstance(wanted, list):
            continue
        name = directive.partition("/")[2]
        key = _merge_keys(type).get(name, "")

        def identity(item: Any, key: str = key) -> str:
            return _identity(item.get(key) if isinstance(item, dict) else item)

        ranks = {identity(item): rank for rank, item in enumerate(wanted)}
        if isinstance(merged.get(name), list):
            merged[name] = sorted(merged[name], key=lambda item: ranks.get(identity(item), len(ranks)))
