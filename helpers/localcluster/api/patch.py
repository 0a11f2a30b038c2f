"""The three patch types: strategic merge, JSON merge (RFC 7386), JSON patch (RFC 6902)."""

from collections.abc import Sequence
from typing import Any

from .errors import ApiError, bad_request, unsupported_media_type
from .schema import Type

STRATEGIC = "application/strategic-merge-patch+json"
MERGE = "application/merge-patch+json"
JSON = "application/json-patch+json"
APPLY = ("application/apply-patch+yaml", "application/apply-patch+cbor")
NO_APPLY = "server-side apply is not part of this lab's cluster; use `kubectl apply` without --server-side"
DIRECTIVES = ("$patch", "$retainKeys", "$setElementOrder/", "$deleteFromPrimitiveList/")
MANY = 1000  # operations of one JSON patch
COPIES = 10  # each can double the object

_GONE = object()  # a patch deleted this value


def check(media_type: str) -> None:
    """Raises ApiError 405 or 415 for patches that aren't taken."""
    if media_type in APPLY:
        raise ApiError(405, "MethodNotAllowed", NO_APPLY)
    if media_type not in (JSON, MERGE, STRATEGIC):
        raise unsupported_media_type((JSON, MERGE, STRATEGIC))


def apply(media_type: str, current: Any, patch: Any, type: Type) -> Any:
    """The patched copy of `current`. Raises ApiError 400 or 422."""
    if media_type == STRATEGIC:
        return _strategic_object(current, patch, type)
    if media_type == MERGE:
        return merge(current, patch)
    return _json_patch(current, patch)


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
    if len(patch) > MANY or sum(item.get("op") == "copy" for item in patch) > COPIES:
        raise bad_request(f"a JSON patch may have {MANY} operations at most, {COPIES} of them copies")
    try:
        return jsonpatch.JsonPatch(patch).apply(current)
    except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException, TypeError, KeyError) as error:
        raise ApiError(
            422, "Invalid", f"the server rejected our request due to an error in our request: {error}"
        ) from error


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
        return current + [value for value in patch if value not in current]
    return _merge_by(key, current, patch, type.item or Type("any"))


def _merge_by(key: str, current: list[Any], patch: Sequence[Any], item: Type) -> list[Any]:
    if not all(isinstance(change, dict) for change in patch):
        raise bad_request(f"each item of a list that is merged by {key!r} must be an object")
    if any(change.get("$patch") == "replace" for change in patch):
        return [change for change in patch if change.get("$patch") != "replace"]
    merged = list(current)
    for change in patch:
        if key not in change:
            raise bad_request(f"map: {change} does not contain declared merge key: {key}")
        place = next((i for i, old in enumerate(merged) if old.get(key) == change[key]), None)
        result = strategic(merged[place] if place is not None else {}, change, item)
        if result is _GONE:
            if place is not None:
                del merged[place]
        elif place is None:
            merged.append(result)
        else:
            merged[place] = result
    return merged


def _delete_values(merged: dict[str, Any], patch: dict[str, Any]) -> None:
    for directive, values in patch.items():
        if directive.startswith("$deleteFromPrimitiveList/") and isinstance(values, list):
            name = directive.partition("/")[2]
            merged[name] = [value for value in merged.get(name) or [] if value not in values]


def _order(merged: dict[str, Any], patch: dict[str, Any], type: Type) -> None:
    """Put lists into the order that the patch asks for; items that it doesn't name come last."""
    for directive, wanted in patch.items():
        if not directive.startswith("$setElementOrder/") or not isinstance(wanted, list):
            continue
        name = directive.partition("/")[2]
        key = _merge_keys(type).get(name, "")

        def identity(item: Any, key: str = key) -> str:
            return repr(item.get(key) if isinstance(item, dict) else item)

        ranks = {identity(item): rank for rank, item in enumerate(wanted)}
        if isinstance(merged.get(name), list):
            merged[name] = sorted(merged[name], key=lambda item: ranks.get(identity(item), len(ranks)))
