"""What the API refuses to store, kind by kind, in the API server's form of errors.

Compact on purpose: a rule is here when a learner can run into it or when what
is behind the API relies on it.
"""

from helpers.localcluster.api import errors
from helpers.localcluster.api.resource import Object, Resource
from helpers.localcluster.api.shapes.decode import missing
from helpers.localcluster.api.shapes.schema import root
from helpers.localcluster.api.validation import metadata
from helpers.policies.errors import FORBIDDEN, INVALID, REQUIRED, UNSUPPORTED, FieldError, required

REASONS = {
    INVALID: "FieldValueInvalid",
    REQUIRED: "FieldValueRequired",
    FORBIDDEN: "FieldValueForbidden",
    UNSUPPORTED: "FieldValueNotSupported",
}


def validate(resource: Resource, new: Object, old: Object | None) -> None:
    """Raises ApiError 422 with every cause when `new` may not be stored in place of `old`."""
    absent = absent_fields(resource, new)
    found = absent + metadata.check(resource, new, old)
    if not absent:
        found += resource.check(new, old)
    refuse(resource, new, found)


def absent_fields(resource: Resource, obj: Object) -> list[FieldError]:
    """An error for each required field that isn't there; status is the server's own affair."""
    if resource.custom is not None:
        return []
    kept = {name: value for name, value in obj.items() if name != "status"}
    return [required(path) for path in missing(kept, root(resource)) if path != "status"]


def refuse(resource: Resource, obj: Object, found: list[FieldError]) -> None:
    """Raises ApiError 422 if anything was found."""
    if found:
        causes = [_cause(error) for error in {str(error): error for error in found}.values()]
        raise errors.invalid(resource, obj["metadata"].get("name", ""), causes)


def _cause(error: FieldError) -> dict[str, str]:
    text = str(error).removeprefix(f"{error.field}: ")
    return {"reason": REASONS.get(error.kind, "FieldValueInvalid"), "message": text, "field": error.field}
