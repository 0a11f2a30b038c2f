"""The scale subresource: how many replicas, and nothing else of a workload."""

from helpers.localcluster.api.errors import bad_request
from helpers.localcluster.api.http.messages import Response, json_response
from helpers.localcluster.api.requests.calls import Call
from helpers.localcluster.api.requests.selectors import format as format_selector
from helpers.localcluster.api.requests.selectors import requirements
from helpers.localcluster.api.shapes import patch
from helpers.localcluster.api.shapes.decode import parse_json
from helpers.localcluster.api.shapes.schema import Type
from helpers.localcluster.api.storage.store import Object
from helpers.localcluster.api.validation import validate


def get(call: Call) -> Response:
    return json_response(_scale(call.held()))


def put(call: Call) -> Response:
    value, _ = call.body()
    return _store(call, value)


def change(call: Call) -> Response:
    media_type = call.request.header("content-type").partition(";")[0].strip().lower()
    patch.check(media_type)
    changes, _ = parse_json(call.request.body)
    return _store(call, patch.apply(media_type, _scale(call.held()), changes, Type.parse("any")))


def _scale(obj: Object) -> Object:
    metadata = obj["metadata"]
    kept = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    selector = obj["spec"].get("selector")
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {name: metadata[name] for name in kept},
        "spec": {"replicas": obj["spec"].get("replicas", 1)},
        "status": {
            "replicas": obj.get("status", {}).get("replicas", 0),
            "selector": format_selector(selector) if requirements(selector) else "",
        },
    }


def _store(call: Call, scale: object) -> Response:
    held = call.held()
    if not isinstance(scale, dict):
        raise bad_request("a Scale object is expected")
    spec, metadata = scale.get("spec") or {}, scale.get("metadata") or {}
    replicas = spec.get("replicas", 0) if isinstance(spec, dict) else None
    version = metadata.get("resourceVersion") if isinstance(metadata, dict) else None
    if not isinstance(replicas, int) or isinstance(replicas, bool):
        raise bad_request(f"spec.replicas must be a whole number, not {replicas!r}")
    new = {
        **held,
        "spec": {**held["spec"], "replicas": replicas},
        "metadata": {**held["metadata"], "resourceVersion": version or held["metadata"]["resourceVersion"]},
    }
    validate(call.resource, new, held)
    return json_response(_scale(call.store.update(call.resource.key, new, dry_run=call.dry_run)))
