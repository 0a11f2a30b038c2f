"""POST, PUT and PATCH: from a body to a stored object.

Every write goes the same way: decode, admit, fill in defaults, validate, store.
"""

from helpers.localcluster.api import events, validation
from helpers.localcluster.api import warnings as warning
from helpers.localcluster.api.errors import ApiError, already_exists, bad_request
from helpers.localcluster.api.http.messages import Response
from helpers.localcluster.api.kinds import EVENTS
from helpers.localcluster.api.requests import admission
from helpers.localcluster.api.requests.calls import Call
from helpers.localcluster.api.shapes import defaults, patch
from helpers.localcluster.api.shapes.decode import parse_json
from helpers.localcluster.api.shapes.schema import root
from helpers.localcluster.api.storage.store import Object
from helpers.localcluster.api.validation.pods import check_ephemeral

# What a client's object never says; the stored object's own values stay.
PROTECTED = ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation")


def create(call: Call) -> Response:
    """POST to a collection."""
    resource, store = call.resource, call.store
    new, warnings = call.decoded(*call.body())
    new = admission.place(store, resource, new, call.namespace)
    metadata = {name: value for name, value in new["metadata"].items() if name not in (*PROTECTED, "managedFields")}
    if not metadata.get("name"):
        metadata["name"] = store.generate_name(resource, metadata)
    if store.get(resource.key, call.namespace, metadata["name"]):
        raise already_exists(resource, metadata["name"])
    new = {**new, "metadata": metadata}
    if "status" in resource.subresources:
        new.pop("status", None)
    new = _complete(call, new, None)
    warnings += warning.of(resource, new)
    if resource is EVENTS and not call.dry_run:
        events.make_room(store)
    return call.answer(store.create(resource.key, new, dry_run=call.dry_run), 201, warnings)


def replace(call: Call) -> Response:
    """PUT on an object or its status."""
    value, duplicates = call.body()
    held = call.held()
    new, warnings = call.decoded(value, duplicates)
    stored = _store(call, held, new)
    return call.answer(stored, 200, [*warnings, *warning.of(call.resource, stored, held)])


def change(call: Call) -> Response:
    """PATCH on an object or one of its subresources."""
    media_type = call.request.header("content-type").partition(";")[0].strip().lower()
    patch.check(media_type)
    held = call.held()
    changes, duplicates = parse_json(call.request.body)
    patched = patch.apply(media_type, held, changes, root(call.resource))
    if not _names_version(changes) and isinstance(patched, dict) and isinstance(patched.get("metadata"), dict):
        # Without a version in the patch itself it applies to whatever is there.
        patched["metadata"] = {**patched["metadata"], "resourceVersion": held["metadata"]["resourceVersion"]}
    new, warnings = call.decoded(patched, duplicates)
    stored = _store(call, held, new)
    return call.answer(stored, 200, [*warnings, *warning.of(call.resource, stored, held)])


def _names_version(changes: object) -> bool:
    if isinstance(changes, list):
        return any("resourceVersion" in str(item.get("path")) for item in changes if isinstance(item, dict))
    metadata = changes.get("metadata") if isinstance(changes, dict) else None
    return isinstance(metadata, dict) and "resourceVersion" in metadata


def _store(call: Call, held: Object, new: Object) -> Object:
    """Store what a client made of `held`, as far as its subresource lets it."""
    new = _same_identity(call, held, new)
    if call.subresource == "status":
        metadata = {name: value for name, value in _version_of(held, new).items() if name != "annotations"}
        if new["metadata"].get("annotations"):
            metadata["annotations"] = new["metadata"]["annotations"]
        new = {**held, "status": new.get("status", {}), "metadata": metadata}
        return call.store.update(call.resource.key, new, dry_run=call.dry_run)
    if call.subresource == "ephemeralcontainers":
        new = _with_ephemeral(call, held, new)
    else:
        new = _complete(call, _with_status_of(held, new), held)
    stored = call.store.update(call.resource.key, new, dry_run=call.dry_run)
    metadata = stored["metadata"]
    if metadata.get("deletionTimestamp") and not metadata.get("finalizers") and held["metadata"].get("finalizers"):
        _finish_deletion(call, stored)
    return stored


def _finish_deletion(call: Call, stored: Object) -> None:
    """The last finalizer has gone from an object that only waited for it."""
    if call.resource.key not in ("namespaces", "pods") and not call.dry_run:
        call.store.delete(call.resource.key, call.namespace, stored["metadata"]["name"])


def _same_identity(call: Call, held: Object, new: Object) -> Object:
    """The new object with what no client can change. Raises ApiError."""
    given, kept = new["metadata"], held["metadata"]
    if given.get("name", kept["name"]) != kept["name"]:
        raise bad_request(
            f"the name of the object ({given['name']}) does not match the name on the URL ({kept['name']})"
        )
    if given.get("namespace", kept.get("namespace")) != kept.get("namespace"):
        raise bad_request(f"the namespace of the object ({given['namespace']}) does not match the namespace on the URL")
    if given.get("uid", kept["uid"]) != kept["uid"]:
        why = f"Precondition failed: UID in precondition: {given['uid']}, UID in object meta: {kept['uid']}"
        key, name = call.resource.key, kept["name"]
        raise ApiError(409, "Conflict", f'Operation cannot be fulfilled on {key} "{name}": {why}', name=name)
    metadata = {name: value for name, value in given.items() if name not in (*PROTECTED, "managedFields")}
    metadata |= {name: kept[name] for name in ("name", "namespace", *PROTECTED) if name in kept}
    if metadata.get("resourceVersion") == "":
        del metadata["resourceVersion"]
    return {**new, "metadata": metadata}


def _version_of(held: Object, new: Object) -> Object:
    """The stored metadata with the version that the client saw, so that the store can compare."""
    version = new["metadata"].get("resourceVersion", held["metadata"]["resourceVersion"])
    return {**held["metadata"], "resourceVersion": version}


def _with_status_of(held: Object, new: Object) -> Object:
    if "status" not in new and "status" not in held:
        return new
    kept = {name: value for name, value in new.items() if name != "status"}
    return {**kept, "status": held["status"]} if "status" in held else kept


def _with_ephemeral(call: Call, held: Object, new: Object) -> Object:
    added = new["spec"].get("ephemeralContainers") or []
    filled = defaults.pod_spec({"ephemeralContainers": added})["ephemeralContainers"]
    changed = {**held, "spec": {**held["spec"], "ephemeralContainers": filled}, "metadata": _version_of(held, new)}
    validation.refuse(call.resource, changed, check_ephemeral(changed, held))
    admission.check_security(call.store, changed)
    return changed


def _complete(call: Call, new: Object, old: Object | None) -> Object:
    """Defaults, what the cluster adds, and the checks."""
    resource = call.resource
    absent = validation.absent_fields(resource, new)
    if absent:  # defaults rely on what is required
        validation.refuse(resource, new, absent)
    new = resource.default(new)
    new = admission.admit(call.store, resource, new, old)
    validation.validate(resource, new, old)
    return new
