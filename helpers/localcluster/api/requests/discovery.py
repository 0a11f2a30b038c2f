"""How a client finds out what is served: aggregated discovery, and the older lists."""

import hashlib
from functools import lru_cache
from typing import Any

from helpers.localcluster.api.errors import no_such_path
from helpers.localcluster.api.http.messages import Request, Response, encode_json, json_response
from helpers.localcluster.api.registry import Registry
from helpers.localcluster.api.resource import Resource

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
STATUS_VERBS = ["get", "patch", "update"]
# subresource → verbs, and the group, version and kind it answers with when that isn't the parent's
SUBRESOURCES: dict[str, tuple[list[str], tuple[str, str, str] | None]] = {
    "status": (STATUS_VERBS, None),
    "ephemeralcontainers": (STATUS_VERBS, None),
    "scale": (STATUS_VERBS, ("autoscaling", "v1", "Scale")),
    "log": (["get"], None),
    "token": (["create"], ("authentication.k8s.io", "v1", "TokenRequest")),
    "exec": (["create", "get"], ("", "v1", "PodExecOptions")),
    "attach": (["create", "get"], ("", "v1", "PodAttachOptions")),
    "portforward": (["create", "get"], ("", "v1", "PodPortForwardOptions")),
}
# Kinds that are asked once and kept nowhere.
REVIEWS = (
    Resource(
        "authorization.k8s.io", "v1", "selfsubjectaccessreviews", "SelfSubjectAccessReview", False, verbs=("create",)
    ),
    Resource(
        "authorization.k8s.io", "v1", "selfsubjectrulesreviews", "SelfSubjectRulesReview", False, verbs=("create",)
    ),
    Resource("authentication.k8s.io", "v1", "selfsubjectreviews", "SelfSubjectReview", False, verbs=("create",)),
)


def group_versions(kinds: Registry) -> dict[tuple[str, str], list[Resource]]:
    """Resources by (group, version), the core group first."""
    found: dict[tuple[str, str], list[Resource]] = {}
    for resource in (*kinds.all(), *REVIEWS):
        found.setdefault((resource.group, resource.version), []).append(resource)
    return found


def answer(request: Request, kinds: Registry) -> Response:
    """Everything under /api and /apis that names no resource. Raises ApiError NotFound."""
    parts = request.segments
    if len(parts) == 1:
        accept = request.header("accept").replace(" ", "")
        if "as=APIGroupDiscoveryList" in accept and "v=v2;" in accept.replace(",", ";") + ";":
            return with_etag(request, *_aggregated_body(kinds, kinds.revision, parts[0] == "api"), AGGREGATED)
        return json_response(_versions(request) if parts[0] == "api" else _groups(kinds))
    if parts[0] == "api":
        return json_response(_resource_list(kinds, "", parts[1]))
    if len(parts) == 2:
        return json_response({"kind": "APIGroup", "apiVersion": "v1", **_group(kinds, parts[1])})
    return json_response(_resource_list(kinds, parts[1], parts[2]))


def with_etag(request: Request, body: bytes, etag: str, content_type: str) -> Response:
    """The body, or 304 when the client has it already."""
    headers = [("ETag", etag), ("Vary", "Accept")]
    if request.header("if-none-match") == etag:
        return Response(304, b"", content_type, headers)
    return Response(200, body, content_type, headers)


def etag_of(body: bytes) -> str:
    return f'"{hashlib.sha256(body).hexdigest().upper()}"'


@lru_cache(maxsize=4)
def _aggregated_body(kinds: Registry, revision: int, core: bool) -> tuple[bytes, str]:
    groups: dict[str, list[dict[str, Any]]] = {}
    for (group, version), resources in group_versions(kinds).items():
        if (group == "") == core:
            groups.setdefault(group, []).append(
                {"version": version, "freshness": "Current", "resources": [_aggregated(item) for item in resources]}
            )
    items = [{"metadata": {"name": group} if group else {}, "versions": found} for group, found in groups.items()]
    body = encode_json(
        {"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items}
    )
    return body, etag_of(body)


def _kind(group: str, version: str, kind: str) -> dict[str, str]:
    return {"group": group, "version": version, "kind": kind}


def _aggregated(resource: Resource) -> dict[str, Any]:
    own = (resource.group, resource.version, resource.kind)
    found: dict[str, Any] = {
        "resource": resource.plural,
        "responseKind": _kind(*own),
        "scope": "Namespaced" if resource.namespaced else "Cluster",
        "singularResource": resource.singular,
        "verbs": list(resource.verbs),
    }
    if resource.short_names:
        found["shortNames"] = list(resource.short_names)
    if resource.categories:
        found["categories"] = list(resource.categories)
    if resource.subresources:
        found["subresources"] = [
            {
                "subresource": name,
                "responseKind": _kind(*(SUBRESOURCES[name][1] or own)),
                "verbs": SUBRESOURCES[name][0],
            }
            for name in resource.subresources
        ]
    return found


def _versions(request: Request) -> dict[str, Any]:
    address = {"clientCIDR": "0.0.0.0/0", "serverAddress": request.header("host")}
    return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": [address]}


def _groups(kinds: Registry) -> dict[str, Any]:
    names = dict.fromkeys(group for group, _ in group_versions(kinds) if group)
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": [_group(kinds, name) for name in names]}


def _group(kinds: Registry, name: str) -> dict[str, Any]:
    versions = [
        {"groupVersion": f"{group}/{version}", "version": version}
        for group, version in group_versions(kinds)
        if group == name and group
    ]
    if not versions:
        raise no_such_path()
    return {"name": name, "versions": versions, "preferredVersion": versions[0]}


def _resource_list(kinds: Registry, group: str, version: str) -> dict[str, Any]:
    resources = group_versions(kinds).get((group, version))
    if not resources:
        raise no_such_path()
    entries = [entry for resource in resources for entry in _entries(resource)]
    group_version = f"{group}/{version}" if group else version
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": entries}


def _entries(resource: Resource) -> list[dict[str, Any]]:
    own: dict[str, Any] = {
        "name": resource.plural,
        "singularName": resource.singular,
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": list(resource.verbs),
    }
    if resource.short_names:
        own["shortNames"] = list(resource.short_names)
    if resource.categories:
        own["categories"] = list(resource.categories)
    return [own, *(_subresource_entry(resource, name) for name in resource.subresources)]


def _subresource_entry(resource: Resource, name: str) -> dict[str, Any]:
    verbs, kind = SUBRESOURCES[name]
    entry: dict[str, Any] = {
        "name": f"{resource.plural}/{name}",
        "singularName": "",
        "namespaced": resource.namespaced,
        "kind": kind[2] if kind else resource.kind,
        "verbs": verbs,
    }
    return {**entry, "group": kind[0], "version": kind[1]} if kind else entry
