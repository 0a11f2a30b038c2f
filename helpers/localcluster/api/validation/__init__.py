"""What the API refuses to store, kind by kind, in the API server's form of errors.

Compact on purpose: a rule is here when a learner can run into it or when what
is behind the API relies on it.
"""

from collections.abc import Callable

from helpers.policies.errors import FORBIDDEN, INVALID, REQUIRED, UNSUPPORTED, FieldError, required

from .. import errors
from ..decode import missing
from ..resources import Resource
from ..schema import root
from ..store import Object
from . import data, metadata, pods, policies, services, workloads

Check = Callable[[Object, Object | None], list[FieldError]]
CHECKS: dict[str, Check] = {
    "pods": pods.check,
    "services": services.check,
    "configmaps": data.check_config_map,
    "secrets": data.check_secret,
    "events": data.check_event,
    "endpointslices.discovery.k8s.io": data.check_endpoint_slice,
    "deployments.apps": workloads.check_deployment,
    "replicasets.apps": workloads.check_replica_set,
    "networkpolicies.networking.k8s.io": policies.check,
}
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
    if not absent and resource.key in CHECKS:
        found += CHECKS[resource.key](new, old)
    refuse(resource, new, found)


def absent_fields(resource: Resource, obj: Object) -> list[FieldError]:
    """An error for each required field that isn't there; status is the server's own affair."""
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
