"""OpenAPI documents: for `kubectl explain`, and for clients that check fields before they send."""

import json
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from helpers.localcluster.api.errors import no_such_path
from helpers.localcluster.api.http.messages import Request, Response, encode_json, json_response
from helpers.localcluster.api.registry import Registry
from helpers.localcluster.api.requests import discovery
from helpers.localcluster.api.resource import Resource
from helpers.localcluster.api.shapes.schema import Type, reachable, structure
from helpers.localcluster.api.version import GIT_VERSION

V2_TYPE = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
_SOURCES = ("schema.json", "descriptions.json", "openapi.py")
WRITE = ("dryRun", "fieldManager", "fieldValidation")
SCALARS: dict[str, dict[str, Any]] = {
    "string": {"type": "string"},
    "integer": {"type": "integer"},
    "boolean": {"type": "boolean"},
    "number": {"type": "number"},
    "time": {"type": "string", "format": "date-time"},
    "bytes": {"type": "string", "format": "byte"},
    "any": {"type": "object"},
}
UNIONS: dict[str, dict[str, Any]] = {
    "IntOrString": {"format": "int-or-string", "oneOf": [{"type": "integer"}, {"type": "string"}]},
    "Quantity": {"oneOf": [{"type": "string"}, {"type": "number"}]},
}


def answer(request: Request, kinds: Registry) -> Response:
    """Everything under /openapi. Raises ApiError NotFound."""
    parts = request.segments
    if parts[1:] == ("v2",):
        return Response(200, _v2_stub(), V2_TYPE)
    if parts[1:] == ("v3",):
        return json_response({"paths": _index(kinds)})
    if len(parts) == 4 and parts[2] == "api":
        return _served(request, kinds, "", parts[3])
    if len(parts) == 5 and parts[2] == "apis":
        return _served(request, kinds, parts[3], parts[4])
    raise no_such_path()


def _served(request: Request, kinds: Registry, group: str, version: str) -> Response:
    resources = tuple(item for item in kinds.all() if (item.group, item.version) == (group, version))
    if not resources:
        raise no_such_path()
    etag = _etag(resources)
    return discovery.with_etag(request, document(resources), etag, "application/json")


def _index(kinds: Registry) -> dict[str, Any]:
    served: dict[tuple[str, str], list[Resource]] = {}
    for resource in kinds.all():
        served.setdefault((resource.group, resource.version), []).append(resource)
    paths = {}
    for resources in served.values():
        path = resources[0].base_path[1:]
        paths[path] = {"serverRelativeURL": f"/openapi/v3/{path}?hash={_etag(tuple(resources)).strip(chr(34))}"}
    return paths


@lru_cache(maxsize=64)
def _etag(resources: tuple[Resource, ...]) -> str:
    """Known without making the document: `kubectl apply` asks for all of these and reads one or two."""
    names = "".join(f"{item.group_version} {item.kind} {item.custom}" for item in resources)
    return discovery.etag_of(f"{GIT_VERSION} {names}".encode() + _sources())


@cache
def _sources() -> bytes:
    """What the documents are made from."""
    return b"".join(Path(__file__).with_name(name).read_bytes() for name in _SOURCES)


@lru_cache(maxsize=64)
def document(resources: tuple[Resource, ...]) -> bytes:
    """The OpenAPI v3 document of one group and version: the kinds that it has."""
    schemas: dict[str, Any] = dict(UNIONS)
    described = [item.kind for item in resources if not item.refusal and item.custom is None]
    custom = ["ObjectMeta"] if any(item.custom is not None for item in resources) else []
    for name in reachable([*described, *custom]):
        schemas[name] = _structure(name)
    for resource in resources:
        if resource.custom is not None:
            schemas[resource.kind] = _custom(resource.custom)
        elif resource.refusal:
            # No more than its name: clients ask, and are told why it isn't here.
            schemas[resource.kind] = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
        schemas[resource.kind]["x-kubernetes-group-version-kind"] = [_kind(resource)]
    paths: dict[str, Any] = {}
    for resource in resources:
        paths |= _paths(resource)
    return encode_json(
        {
            "openapi": "3.0.0",
            "info": {"title": "Kubernetes", "version": GIT_VERSION},
            "paths": paths,
            "components": {"schemas": schemas},
        }
    )


def _custom(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of a CustomResourceDefinition, with what all objects have."""
    common = {field: {"description": _described("*", field), "type": "string"} for field in ("apiVersion", "kind")}
    common["metadata"] = {"description": _described("*", "metadata"), **_type(Type("ObjectMeta"))}
    return {"type": "object", **schema, "properties": {**(schema.get("properties") or {}), **common}}


@cache
def descriptions() -> dict[str, str]:
    """What fields mean, by `Structure` and `Structure.field`."""
    found: dict[str, str] = json.loads(Path(__file__).with_name("descriptions.json").read_bytes())
    return found


def _kind(resource: Resource) -> dict[str, str]:
    return {"group": resource.group, "version": resource.version, "kind": resource.kind}


def _structure(name: str) -> dict[str, Any]:
    known = structure(name)
    built: dict[str, Any] = {
        "type": "object",
        "description": descriptions().get(name, ""),
        "properties": {
            field: {"description": _described(name, field), **_type(type)} for field, type in known.fields.items()
        },
    }
    if known.required:
        built["required"] = list(known.required)
    return built


def _described(owner: str, field: str) -> str:
    found = descriptions()
    return found.get(f"{owner}.{field}") or found.get(f"*.{field}", "")


def _type(type: Type) -> dict[str, Any]:
    if type.shape == "list" and type.item:
        return {"type": "array", "items": _type(type.item)}
    if type.shape == "map" and type.item:
        return {"type": "object", "additionalProperties": _type(type.item)}
    return SCALARS.get(type.name) or {"allOf": [{"$ref": f"#/components/schemas/{type.name}"}]}


def _paths(resource: Resource) -> dict[str, Any]:
    middle = "/namespaces/{namespace}" if resource.namespaced else ""
    collection = f"{resource.base_path}{middle}/{resource.plural}"
    if resource.virtual:
        return {collection: {"get": _operation(resource, "list", "fieldSelector", "watch")}}
    return {
        collection: {
            "get": _operation(resource, "list", "labelSelector", "fieldSelector", "watch"),
            "post": _operation(resource, "post", *WRITE),
            "delete": _operation(resource, "deletecollection", "dryRun", "labelSelector"),
        },
        f"{collection}/{{name}}": {
            "get": _operation(resource, "get"),
            "put": _operation(resource, "put", *WRITE),
            "patch": _operation(resource, "patch", *WRITE),
            "delete": _operation(resource, "delete", "dryRun"),
        },
    }


def _operation(resource: Resource, action: str, *parameters: str) -> dict[str, Any]:
    return {
        "x-kubernetes-action": action,
        "x-kubernetes-group-version-kind": _kind(resource),
        "parameters": [{"name": name, "in": "query", "schema": {"type": "string"}} for name in parameters],
        "responses": {"200": {"description": "OK"}},
    }


def _v2_stub() -> bytes:
    """An empty OpenAPI v2 document in protobuf: kubectl wants one before it says "no matches for kind"."""

    def text(number: int, value: bytes) -> bytes:
        return bytes((number << 3 | 2, len(value))) + value

    return text(1, b"2.0") + text(2, text(1, b"Kubernetes") + text(2, GIT_VERSION.encode()))
