"""OpenAPI documents: for `kubectl explain`, and for clients that check fields before they send."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from . import discovery
from .errors import no_such_path
from .http.messages import Request, Response, encode_json, json_response
from .resources import RESOURCES, Resource
from .schema import Type, reachable, structure
from .version import GIT_VERSION

V2_TYPE = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
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


def answer(request: Request) -> Response:
    """Everything under /openapi. Raises ApiError NotFound."""
    parts = request.segments
    if parts[1:] == ("v2",):
        return Response(200, _v2_stub(), V2_TYPE)
    if parts[1:] == ("v3",):
        return json_response({"paths": _index()})
    if len(parts) == 4 and parts[2] == "api":
        return _served(request, "", parts[3])
    if len(parts) == 5 and parts[2] == "apis":
        return _served(request, parts[3], parts[4])
    raise no_such_path()


def _served(request: Request, group: str, version: str) -> Response:
    if not _resources(group, version):
        raise no_such_path()
    return discovery.with_etag(request, document(group, version), _etag(group, version), "application/json")


def _resources(group: str, version: str) -> list[Resource]:
    return [item for item in RESOURCES.values() if (item.group, item.version) == (group, version)]


@cache
def _index() -> dict[str, Any]:
    paths = {}
    for group, version in dict.fromkeys((item.group, item.version) for item in RESOURCES.values()):
        path = f"apis/{group}/{version}" if group else f"api/{version}"
        paths[path] = {"serverRelativeURL": f"/openapi/v3/{path}?hash={_etag(group, version).strip(chr(34))}"}
    return paths


@cache
def _etag(group: str, version: str) -> str:
    """Known without making the document: `kubectl apply` asks for all of these and reads one or two."""
    sources = ("schema.json", "descriptions.json", "openapi.py")
    texts = [Path(__file__).with_name(name).read_bytes() for name in sources]
    return discovery.etag_of(b"".join([group.encode(), version.encode(), GIT_VERSION.encode(), *texts]))


@cache
def document(group: str, version: str) -> bytes:
    """The OpenAPI v3 document of one group and version."""
    resources = _resources(group, version)
    schemas: dict[str, Any] = dict(UNIONS)
    for name in reachable([resource.kind for resource in resources]):
        schemas[name] = _structure(name)
    for resource in resources:
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
