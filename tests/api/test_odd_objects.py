"""Objects bent at random: the API accepts or refuses them, and never fails."""

from __future__ import annotations

import asyncio
import copy
import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from helpers.localcluster.api import seed
from helpers.localcluster.api.app import Api, build
from helpers.localcluster.api.http.messages import Request
from helpers.localcluster.api.kinds import RESOURCES
from helpers.localcluster.api.resource import Resource
from helpers.localcluster.api.storage.store import Store

Object = dict[str, Any]
POD_SPEC = {
    "containers": [
        {
            "name": "main",
            "image": "nginx:1",
            "ports": [{"containerPort": 80, "name": "http"}],
            "env": [
                {"name": "A", "value": "b"},
                {"name": "P", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
            ],
            "readinessProbe": {"httpGet": {"port": "http"}, "periodSeconds": 1},
            "resources": {"limits": {"cpu": 1, "memory": "1Gi"}},
            "volumeMounts": [{"name": "data", "mountPath": "/data"}],
        }
    ],
    "volumes": [{"name": "data", "emptyDir": {}}],
    "terminationGracePeriodSeconds": 5,
}
TEMPLATE = {"metadata": {"labels": {"app": "web"}}, "spec": POD_SPEC}
WORKLOAD = {"selector": {"matchLabels": {"app": "web"}}, "template": TEMPLATE, "replicas": 1}
SELECTOR = {"matchExpressions": [{"key": "app", "operator": "In", "values": ["web"]}]}
VALID: dict[str, Object] = {
    "namespaces": {"spec": {"finalizers": ["kubernetes"]}},
    "pods": {"spec": POD_SPEC},
    "services": {
        "spec": {
            "type": "NodePort",
            "selector": {"app": "web"},
            "ports": [{"port": 80, "targetPort": "http", "nodePort": 30080, "name": "http"}],
        }
    },
    "serviceaccounts": {"automountServiceAccountToken": False},
    "configmaps": {"data": {"a": "b"}, "binaryData": {"c": "ZA=="}},
    "secrets": {"data": {"a": "Yg=="}, "stringData": {"c": "d"}, "type": "Opaque"},
    "events": {
        "involvedObject": {"kind": "Pod", "name": "web", "namespace": "default"},
        "reason": "Test",
        "count": 1,
        "lastTimestamp": "2026-01-31T08:00:00Z",
    },
    "deployments.apps": {"spec": {**WORKLOAD, "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}}},
    "replicasets.apps": {"spec": WORKLOAD},
    "networkpolicies.networking.k8s.io": {
        "spec": {
            "podSelector": SELECTOR,
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [{"from": [{"podSelector": SELECTOR, "namespaceSelector": {}}], "ports": [{"port": 80}]}],
            "egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}}]}],
        }
    },
    "endpointslices.discovery.k8s.io": {
        "addressType": "IPv4",
        "endpoints": [{"addresses": ["10.0.0.1"], "conditions": {"ready": True}}],
        "ports": [{"port": 80}],
    },
}
ODD: st.SearchStrategy[Any] = st.sampled_from(
    [
        None,
        True,
        0,
        -1,
        1 << 40,
        1 << 70,
        1.5,
        "",
        "x",
        "../..",
        "\u0000",
        "A" * 300,
        [],
        {},
        [None],
        [[]],
        {"": ""},
        [{}],
    ]
).map(copy.deepcopy)
PATCHES = ("application/merge-patch+json", "application/strategic-merge-patch+json")


class Here:
    """The API without a network: requests go straight to the handler."""

    def __init__(self) -> None:
        self.store = Store()
        seed.plant(self.store)
        self.api: Api = build(self.store, token="t", node=None)

    def ask(self, method: str, path: str, body: Any = None, kind: str = "application/json") -> tuple[int, Object]:
        request = Request.parse(method, path.encode(), {"content-type": kind}, None)  # type: ignore[arg-type]
        request.body = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        response = asyncio.run(self.api.handle(request))
        assert response
        answer = json.loads(response.body)
        assert response.status < 500, f"{method} {path} {request.body!r}: {answer}"
        return response.status, answer


def url(resource: Resource, name: str = "") -> str:
    middle = "/namespaces/default" if resource.namespaced else ""
    return f"{resource.base_path}{middle}/{resource.plural}{'/' + name if name else ''}"


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in pairs:
        found += places(item, (*path, key))
    return found


@st.composite
def bent(draw: st.DrawFn) -> tuple[str, Object]:
    """A valid object of some kind with up to three values replaced or removed."""
    key = draw(st.sampled_from(sorted(VALID)))
    obj = copy.deepcopy({"metadata": {"name": "web", "labels": {"app": "web"}}, **VALID[key]})
    for _ in range(draw(st.integers(1, 3))):
        if not obj:
            break
        *path, last = draw(st.sampled_from(places(obj)))
        inner: Any = obj
        for step in path:
            inner = inner[step]
        if draw(st.booleans()) and isinstance(inner, dict):
            del inner[last]
        else:
            inner[last] = draw(ODD)
    return key, obj


@pytest.mark.parametrize("key", VALID)
def test_the_valid_ones_are_valid(key: str) -> None:
    here = Here()
    resource = RESOURCES[key]
    status, answer = here.ask("POST", url(resource), {"metadata": {"name": "web"}, **VALID[key]})
    assert status == 201, answer
    assert here.ask("PUT", url(resource, "web"), answer)[0] == 200
    assert (
        here.ask("GET", url(resource, "web"))[1]["metadata"]["resourceVersion"] == answer["metadata"]["resourceVersion"]
    )
    assert here.ask("DELETE", url(resource, "web"))[0] == 200


@settings(max_examples=400, deadline=None)
@given(bent())
@example(("pods", {"metadata": {"name": "web"}}))
@example(("services", {"metadata": {"name": "web"}}))
def test_bent_objects_are_accepted_or_refused(case: tuple[str, Object]) -> None:
    key, obj = case
    here, resource = Here(), RESOURCES[key]
    status, answer = here.ask("POST", url(resource), obj)
    if status == 201:
        assert here.ask("GET", url(resource))[0] == 200
        assert here.ask("PUT", url(resource, answer["metadata"]["name"]), answer)[0] == 200
    else:
        assert status in (400, 403, 404, 409, 422)
        assert answer["message"]


@settings(max_examples=300, deadline=None)
@given(bent(), st.sampled_from(PATCHES))
def test_bent_patches_are_accepted_or_refused(case: tuple[str, Object], kind: str) -> None:
    key, patch = case
    here, resource = Here(), RESOURCES[key]
    assert here.ask("POST", url(resource), {"metadata": {"name": "web"}, **VALID[key]})[0] == 201
    here.ask("PATCH", url(resource, "web"), patch, kind)
    here.ask("PATCH", url(resource, "web"), {"spec": patch}, kind)


OPERATIONS = st.lists(
    st.fixed_dictionaries(
        {
            "op": st.sampled_from(("add", "remove", "replace", "copy", "move", "test", "odd")),
            "path": st.sampled_from(
                ("", "/", "/spec", "/spec/ports/0", "/metadata/name", "/x/y", "spec", "/spec/ports/-")
            ),
        },
        optional={"value": ODD, "from": st.sampled_from(("", "/spec", "/metadata", "/none"))},
    ),
    max_size=4,
)


@settings(max_examples=300, deadline=None)
@given(OPERATIONS)
def test_json_patches_are_accepted_or_refused(operations: list[Object]) -> None:
    here, resource = Here(), RESOURCES["services"]
    assert here.ask("POST", url(resource), {"metadata": {"name": "web"}, **VALID["services"]})[0] == 201
    here.ask("PATCH", url(resource, "web"), operations, "application/json-patch+json")


@settings(max_examples=200, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(
            ("limit", "continue", "resourceVersion", "resourceVersionMatch", "labelSelector", "fieldSelector", "dryRun")
        ),
        st.sampled_from(
            ("", "1", "-1", "x", "9" * 30, "Exact", "a=b", "((", "a in (", "=", "!", "spec.x=1", "All", "%00")
        ),
        max_size=3,
    )
)
def test_odd_queries_are_answered(query: dict[str, str]) -> None:
    text = "&".join(f"{name}={value}" for name, value in query.items())
    Here().ask("GET", f"/api/v1/pods?{text}")
    Here().ask("DELETE", f"/api/v1/namespaces/default/configmaps?{text}")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"nul",
        b'"text"',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"a":' * 5000 + b"1" + b"}" * 5000,
        b'{"metadata": NaN}',
        b'{"metadata": {"name": "\\ud800"}}',
        b'{"metadata": {"name": "a", "name": "b"}}',
    ],
)
@pytest.mark.parametrize("kind", ["application/json", "application/vnd.kubernetes.protobuf", "application/yaml", "x"])
def test_bodies_that_are_no_object(body: bytes, kind: str) -> None:
    for key in ("pods", "namespaces"):
        status, _ = Here().ask("POST", url(RESOURCES[key]), body, kind)
        assert 400 <= status < 500 or (key == "namespaces" and b'"b"' in body)


@pytest.mark.parametrize("kind", [*PATCHES, "application/json-patch+json"])
def test_deep_patches_are_answered(kind: str) -> None:
    here = Here()
    deep = b'{"metadata":' * 900 + b"{}" + b"}" * 900
    here.ask("PATCH", "/api/v1/namespaces/default", deep, kind)


def test_a_patch_cannot_double_an_object_without_end() -> None:
    copies = [{"op": "copy", "from": "/metadata", "path": f"/metadata/x{number}"} for number in range(30)]
    status, answer = Here().ask("PATCH", "/api/v1/namespaces/default", copies, "application/json-patch+json")
    assert (status, answer["reason"]) == (413, "RequestEntityTooLarge")
