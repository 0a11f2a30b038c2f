"""Kinds beyond the course's own: what is said of them, and kinds that people bring along."""

from __future__ import annotations

from typing import Any

import pytest

from helpers.localcluster.api.kinds import REFUSED, RESOURCES
from helpers.localcluster.api.shapes import custom

from .conftest import Cluster

Object = dict[str, Any]
BATCH = "/apis/batch/v1/namespaces/default"
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
TIGERS = "/apis/zoo.example/v1/namespaces/default/tigers"
POD = {"restartPolicy": "Never", "containers": [{"name": "main", "image": "busybox"}]}
JOB = {"jobTemplate": {"spec": {"template": {"spec": POD}}}}
SCHEMA = {
    "type": "object",
    "properties": {
        "spec": {
            "type": "object",
            "required": ["stripes"],
            "properties": {
                "stripes": {"type": "integer", "minimum": 1},
                "mood": {"type": "string", "enum": ["calm", "wild"], "default": "calm"},
                "names": {"type": "array", "maxItems": 2, "items": {"type": "string", "pattern": "^[A-Z]"}},
                "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
            },
        },
        "status": {"type": "object", "properties": {"fed": {"type": "boolean"}}},
    },
}


def definition(schema: Object = SCHEMA, **version: Any) -> Object:
    served = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}, **version}
    names = {"plural": "tigers", "kind": "Tiger", "shortNames": ["tg"]}
    spec = {"group": "zoo.example", "scope": "Namespaced", "names": names, "versions": [served]}
    kind = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition"}
    return {**kind, "metadata": {"name": "tigers.zoo.example"}, "spec": spec}


def tiger(**spec: Any) -> Object:
    return {"apiVersion": "zoo.example/v1", "kind": "Tiger", "metadata": {"name": "tom"}, "spec": spec}


@pytest.mark.parametrize("resource", REFUSED, ids=lambda resource: f"{resource.key}-{resource.version}")
def test_a_refused_kind_is_found_and_says_why(cluster: Cluster, resource: Any) -> None:
    place = "/namespaces/default" if resource.namespaced else ""
    path = f"{resource.base_path}{place}/{resource.plural}"
    status, said = cluster.request("POST", path, {"metadata": {"name": "x"}})
    assert (status, said["message"]) == (404, resource.refusal)
    assert resource.refusal.startswith(f"{resource.key} is not part of this lab's cluster; ")
    status, found = cluster.request("GET", path)
    assert (status, found["items"]) == (200, [])
    assert cluster.request("GET", f"{path}/x")[0] == 404


def test_kubectl_prints_the_lab_s_own_sentence(cluster: Cluster) -> None:
    manifest = "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: disk}\nspec: {}\n"
    said = cluster.kubectl("apply", "-f", "-", stdin=manifest, code=1)
    assert "persistentvolumeclaims is not part of this lab's cluster; pods here are processes" in said
    assert "CRDs" not in said
    listed = cluster.kubectl("api-resources")
    assert "jobs" in listed and "persistentvolumeclaims" not in listed


def test_permissions_are_kept_and_said_to_be_not_enforced(cluster: Cluster) -> None:
    said = cluster.kubectl("create", "clusterrole", "reader", "--verb=get", "--resource=pods")
    assert "not enforced" in said
    said = cluster.kubectl("create", "clusterrolebinding", "read", "--clusterrole=reader", "--user=eve")
    assert "not enforced" in said
    assert "ClusterRole/reader" in cluster.kubectl("get", "clusterrolebindings")
    assert "eve" in cluster.kubectl("get", "clusterrolebindings", "-o", "wide")


@pytest.mark.parametrize(
    ("kind", "path", "spec", "said"),
    [
        ("Job", f"{BATCH}/jobs", {"template": {"spec": {**POD, "restartPolicy": "Always"}}}, "supported values"),
        ("Job", f"{BATCH}/jobs", {"template": {"spec": POD}, "parallelism": -1}, "spec.parallelism"),
        ("Job", f"{BATCH}/jobs", {"template": {"spec": POD}, "completionMode": "Indexed", "parallelism": 1},
         "spec.completions"),
        ("CronJob", f"{BATCH}/cronjobs", {"schedule": "* * * * * *", **JOB}, "expected exactly 5 fields"),
        ("CronJob", f"{BATCH}/cronjobs", {"schedule": "@daily", "timeZone": "Middle/Earth", **JOB}, "unknown time"),
        ("Ingress", "/apis/networking.k8s.io/v1/namespaces/default/ingresses", {}, "must be specified"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_its_place(
    cluster: Cluster, kind: str, path: str, spec: Object, said: str
) -> None:
    status, answer = cluster.request("POST", path, {"metadata": {"name": "x"}, "spec": spec})
    assert (status, answer["reason"]) == (422, "Invalid"), answer
    assert said.lower() in answer["message"].lower()


def test_a_service_s_target_port_of_zero_or_nothing_is_its_port(cluster: Cluster) -> None:
    path = "/api/v1/namespaces/default/services"
    for name, target in (("zero", 0), ("empty", "")):
        spec = {"selector": {"app": "web"}, "ports": [{"port": 81, "targetPort": target}]}
        status, made = cluster.request("POST", path, {"metadata": {"name": name}, "spec": spec})
        assert (status, made["spec"]["ports"][0]["targetPort"]) == (201, 81)


def test_endpoints_are_told_and_taken(cluster: Cluster) -> None:
    cluster.kubectl("run", "web", "--image=agnhost", "--labels=app=web", "--port=80", "--expose")
    cluster.kubectl("wait", "--for=condition=Ready", "pod/web", "--timeout=10s")
    shown = cluster.kubectl("get", "endpoints", "web")
    assert "10.244." in shown and ":80" in shown
    service = {"metadata": {"name": "far"}, "spec": {"ports": [{"port": 443}]}}
    assert cluster.request("POST", "/api/v1/namespaces/default/services", service)[0] == 201
    subsets = [{"addresses": [{"ip": "203.0.113.10"}], "ports": [{"port": 443}]}]
    made = {"metadata": {"name": "far"}, "subsets": subsets}
    assert cluster.request("POST", "/api/v1/namespaces/default/endpoints", made)[0] == 201
    assert "203.0.113.10" in cluster.kubectl("get", "endpointslices", "-l", "kubernetes.io/service-name=far")


def test_a_kind_of_one_s_own(cluster: Cluster) -> None:
    assert cluster.request("GET", TIGERS)[0] == 404
    status, made = cluster.request("POST", CRDS, definition(subresources={"status": {}}))
    assert status == 201 and {item["type"] for item in made["status"]["conditions"]} == {"NamesAccepted", "Established"}
    status, made = cluster.request("POST", TIGERS, tiger(stripes=3, free={"any": ["thing"]}))
    assert (status, made["spec"]["mood"], made["spec"]["free"]) == (201, "calm", {"any": ["thing"]})
    status, answer = cluster.request("PUT", f"{TIGERS}/tom/status", {**made, "status": {"fed": True}})
    assert (status, answer["status"]) == (200, {"fed": True})
    assert "tom" in cluster.kubectl("get", "tg") and "stripes" in cluster.kubectl("explain", "tiger.spec")
    assert "configured" in cluster.kubectl("apply", "-f", "-", stdin=str(tiger(stripes=4)).replace("'", '"'))
    cluster.restart()
    assert cluster.request("GET", f"{TIGERS}/tom")[1]["spec"]["stripes"] == 4
    cluster.kubectl("delete", "crd", "tigers.zoo.example")
    assert cluster.request("GET", TIGERS)[0] == 404
    cluster.request("POST", CRDS, definition())
    assert cluster.request("GET", TIGERS)[1]["items"] == []


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ({}, "spec.stripes: Required value"),
        ({"stripes": "many"}, "must be of type integer"),
        ({"stripes": True}, "must be of type integer"),
        ({"stripes": 0}, "greater than or equal to 1"),
        ({"stripes": 1, "mood": "hungry"}, "supported values"),
        ({"stripes": 1, "names": ["A", "B", "C"]}, "at most 2 items"),
        ({"stripes": 1, "names": ["a"]}, "should match"),
    ],
)
def test_objects_follow_their_schema(cluster: Cluster, spec: Object, said: str) -> None:
    cluster.request("POST", CRDS, definition())
    status, answer = cluster.request("POST", TIGERS, tiger(**spec))
    assert status == 422 and said in answer["message"], answer


def test_a_field_that_a_schema_does_not_know_is_told_or_dropped(cluster: Cluster) -> None:
    cluster.request("POST", CRDS, definition())
    status, answer = cluster.request("POST", f"{TIGERS}?fieldValidation=Strict", tiger(stripes=1, teeth=3))
    assert status == 400 and 'unknown field "spec.teeth"' in answer["message"]
    assert cluster.request("POST", TIGERS, tiger(stripes=1, teeth=3))[1]["spec"] == {"stripes": 1, "mood": "calm"}


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "tiger"}, {"type": "object", "properties": []}, {"type": "object", "properties": {"a": 1}},
        {"pattern": "("}, {"type": "array", "items": 3}, {"enum": "x"}, {"minLength": "x"}, [],
    ],
)  # fmt: skip
def test_a_broken_schema_is_refused(cluster: Cluster, schema: Any) -> None:
    status, answer = cluster.request("POST", CRDS, definition(schema))
    assert status in (400, 422) and "openAPIV3Schema" in answer["message"], answer
    assert cluster.request("GET", "/api/v1/namespaces/default")[0] == 200


def test_a_definition_takes_no_kind_of_the_cluster_s(cluster: Cluster) -> None:
    made = definition()
    made["metadata"]["name"] = "deployments.apps"
    made["spec"] |= {"group": "apps", "names": {"plural": "deployments", "kind": "Deployment"}}
    status, answer = cluster.request("POST", CRDS, made)
    assert status == 403 and "serves this kind by itself" in answer["message"]


def test_patterns_that_take_for_ever_are_taken_on_trust() -> None:
    assert [*custom.check({"pattern": "(a+)+$"}, "a" * 40 + "b")] == []
    assert [*custom.check({"pattern": "^a+$"}, "b")] != []


def test_every_kind_says_what_it_stands_for() -> None:
    for resource in RESOURCES.values():
        assert resource.kind and resource.plural.islower() and not resource.refusal
