"""DELETE: at once, gracefully, or once others have cleaned up."""

from typing import Any

from helpers.localcluster.api.errors import bad_request, conflict
from helpers.localcluster.api.http.messages import Response, json_response
from helpers.localcluster.api.kinds import NAMESPACES, PODS
from helpers.localcluster.api.requests import admission
from helpers.localcluster.api.requests.calls import Call
from helpers.localcluster.api.requests.selectors import selection
from helpers.localcluster.api.storage.store import Object
from helpers.localcluster.api.termination import begin, remove_pod

POLICIES = ("", "Background", "Foreground", "Orphan")


def delete(call: Call) -> Response:
    """DELETE of one object."""
    held, options = call.held(), call.options()
    _check(call, held, options)
    if call.dry_run or "All" in (options.get("dryRun") or ()):
        return call.answer(held)
    remaining = remove(call, held, options) or (held if call.resource.told else None)
    return call.answer(remaining) if remaining else json_response(_done(call, held))


def delete_collection(call: Call) -> Response:
    """DELETE of everything that the selectors match."""
    request, resource = call.request, call.resource
    chosen = selection(resource, request.first("labelSelector"), request.first("fieldSelector"))
    found = [obj for obj in call.store.list(resource.key, call.namespace) if not chosen or chosen(obj)]
    options = call.options()
    for held in found:
        _check(call, held, options)
        if not call.dry_run:
            remove(call, held, options)
    metadata = {"resourceVersion": str(call.store.revision)}
    kind = {"kind": f"{resource.kind}List", "apiVersion": resource.group_version}
    return json_response({**kind, "metadata": metadata, "items": found})


def _check(call: Call, held: Object, options: dict[str, Any]) -> None:
    name = held["metadata"]["name"]
    wanted = options.get("preconditions") or {}
    for field, label in (("uid", "UID"), ("resourceVersion", "ResourceVersion")):
        there = held["metadata"][field]
        if wanted.get(field, there) != there:
            why = f"Precondition failed: {label} in precondition: {wanted[field]}, {label} in object meta: {there}"
            raise conflict(call.resource, name, why)
    if options.get("propagationPolicy", "") not in POLICIES:
        raise bad_request(
            f"propagationPolicy must be Background, Foreground or Orphan, not {options['propagationPolicy']!r}"
        )
    admission.check_deletable(call.resource, name)


def remove(call: Call, held: Object, options: dict[str, Any]) -> Object | None:
    """Delete, or begin to: the object that remains for now, or None."""
    metadata = held["metadata"]
    if options.get("propagationPolicy") == "Orphan" or options.get("orphanDependents"):
        _orphan(call, metadata["uid"])
    if call.resource is PODS:
        return remove_pod(call.store, held, options.get("gracePeriodSeconds"))
    if call.resource is NAMESPACES:
        terminating = {**held, "status": {**held.get("status", {}), "phase": "Terminating"}}
        return begin(call.store, call.resource.key, terminating)
    if metadata.get("finalizers"):
        return begin(call.store, call.resource.key, held)
    call.store.delete(call.resource.key, metadata.get("namespace"), metadata["name"])
    return None


def _orphan(call: Call, uid: str) -> None:
    """Cut the dependents loose before their owner goes, so that nobody collects them."""
    for key in [resource.key for resource in call.store.kinds.stored()]:
        for obj in call.store.list(key):
            owners = obj["metadata"].get("ownerReferences") or []
            kept = [owner for owner in owners if owner["uid"] != uid]
            if len(kept) < len(owners):
                metadata = {name: value for name, value in obj["metadata"].items() if name != "ownerReferences"}
                metadata |= {"ownerReferences": kept} if kept else {}
                call.store.update(key, {**obj, "metadata": metadata})


def _done(call: Call, held: Object) -> Object:
    resource, metadata = call.resource, held["metadata"]
    details = {"name": metadata["name"], "kind": resource.plural, "uid": metadata["uid"]}
    if resource.group:
        details["group"] = resource.group
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}
