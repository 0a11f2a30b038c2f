"""What a suggestion is called and what it says: names of policies, counts, notes, doubts."""

from __future__ import annotations

import pytest

from helpers.policies import Suggestion, suggest

from .build import Object, deployment, namespace, pod, service
from .needing import headless, several

DNS = [namespace("kube-system"), pod("coredns-1", "kube-system", labels={"k8s-app": "kube-dns"}, ip="10.244.0.2")]


def names(found: Suggestion) -> list[str]:
    return [item["metadata"]["name"] for item in found.policies]


def doubts(found: Suggestion) -> str:
    return "\n".join(found.proof.unproven)


def test_equal_names_are_numbered() -> None:
    objects = [
        deployment("a"),
        service("a", 80),
        deployment("web", env={"A": "a:80"}),
        {**several("web", 1, "StatefulSet", env={"A": "a:80"})},
    ]
    objects[-1]["spec"]["template"]["metadata"]["labels"] = {"app": "other"}
    third = several("web", 1, "DaemonSet", env={"A": "a:80"})
    third["spec"]["template"]["metadata"]["labels"] = {"app": "third"}
    found = names(suggest([*objects, third]))
    assert {"a-allow-web", "a-allow-web-2", "a-allow-web-3"} <= set(found) and len(found) == len(set(found))


def test_long_names_stay_names() -> None:
    long = "w" * 250
    found = suggest([deployment("a"), service("a", 80), deployment(long, env={"A": "a:80"})])
    assert all(len(name) <= 253 for name in names(found))


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("shippingservice", "shipping"),
        ("shipping-service", "shipping"),
        ("shipping-svc", "shipping"),
        ("service", "service"),
    ],
)
def test_short_names(name: str, short: str) -> None:
    found = names(suggest([deployment("a", env={"S": "target:80"}), deployment(name), service("target", 80, app=name)]))
    assert f"{short}-allow-a" in found


def test_a_lone_pod_without_labels_needs_no_note() -> None:
    lone = pod("lone", labels={}, ip="10.244.0.9")
    found = suggest(
        [
            lone,
            {
                **service("lone", 80, kind="NodePort"),
                "spec": {"type": "NodePort", "selector": {"x": "y"}, "ports": [{"port": 80}]},
            },
            *DNS,
        ],
        deny_unknown=True,
    )
    assert found.notes == () and found.proof.exact and names(found) == ["default-deny", "allow-dns"]


def test_labels_that_say_most_are_chosen_and_fleeting_ones_never() -> None:
    labels = {"pod-template-hash": "1", "tier": "x", "app": "one"}
    objects = [
        pod("a", labels=labels, ip="10.244.0.9"),
        pod("b", labels={**labels, "tier": "y"}, ip="10.244.0.10"),
        *DNS,
    ]
    flows = [
        {
            "source": {"kind": "Pod", "namespace": "default", "name": "a"},
            "verdict": "allowed",
            "port": 80,
            "target": {"kind": "Pod", "namespace": "default", "name": "b"},
        }
    ]
    found = suggest(objects, flows, declarations=False)
    rule = next(item for item in found.policies if item["metadata"]["name"] == "b-allow-a")
    assert rule["spec"]["podSelector"] == {"matchLabels": {"tier": "y", "app": "one"}}
    assert rule["spec"]["ingress"][0]["from"] == [{"podSelector": {"matchLabels": {"tier": "x", "app": "one"}}}]
    assert found.proof.exact


def test_doubts_in_the_singular_and_the_plural() -> None:
    base: list[Object] = [deployment("a", ports=[80]), service("a", 80, kind="NodePort"), *DNS]
    assert "Nothing was found of what q0 needs, so no policy holds it: watch it" in doubts(suggest([*base, pod("q0")]))
    many = suggest([*base, *(pod(f"q{number}") for number in range(8))])
    assert "of what q0, q1, q2, q3, q4 and 3 more need, so no policy holds them: watch them" in doubts(many)
    assert many.left_out == tuple(f"default/q{number}[Pod]" for number in range(8))


def test_replicated_workloads_that_say_nothing_of_their_members() -> None:
    objects = [
        several("a", 2),
        several("b", 3),
        headless("a", 1),
        headless("b", 1),
        deployment("web", env={"A": "a:1", "B": "b:1"}),
    ]
    assert "a and b have several pods, and nothing says that these call each other: they may not." in doubts(
        suggest(objects)
    )


def test_what_was_not_read_is_said_and_its_namespace_gets_no_default_deny_of_its_own() -> None:
    base: list[Object] = [deployment("a", ports=[80]), service("a", 80, kind="NodePort"), *DNS]
    broken: Object = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "odd", "namespace": "default"},
        "spec": {"template": {"spec": {"containers": [{"ports": [{"containerPort": "x"}]}]}}},
    }
    here = suggest([*base, broken])
    assert "a-default-deny" in names(here) and "odd" in doubts(here)
    made: Object = {
        "apiVersion": "db.example.com/v1",
        "kind": "Cluster",
        "metadata": {"name": "c", "namespace": "default"},
        "spec": {"size": 3},
    }
    assert "a-default-deny" in names(suggest([*base, made])) and "1 Cluster" in doubts(suggest([*base, made]))
    far = {**made, "metadata": {"name": "c", "namespace": "far"}}
    assert "default-deny" in names(suggest([*base, far])) and "1 Cluster" in doubts(suggest([*base, far]))
    assert "default-deny" in names(suggest([*base, made], deny_unknown=True))


def test_a_rollout_is_a_workload_like_any_other() -> None:
    rollout: Object = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Rollout",
        "metadata": {"name": "web", "namespace": "default"},
        "spec": {
            "replicas": 2,
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "c", "env": [{"name": "A", "value": "a:80"}]}]},
            },
        },
    }
    found = suggest([deployment("a"), service("a", 80), rollout])
    assert [str(one) for one in found.arrows] == ["web → a TCP 80"] and found.proof.exact
    assert found.arrows[0].evidence[0].object == "Rollout default/web"


def test_the_found_sentence_counts_by_evidence() -> None:
    objects = [deployment("a", ports=[80]), service("a", 80, kind="NodePort"), deployment("web", env={"A": "a:80"})]
    assert suggest(objects).found == (
        "2 arrows: 1 by addresses that workloads are given and 1 by exposure to the outside"
    )
    assert suggest([pod("a")]).found == "no arrow" and suggest([pod("a")]).yaml() == ""
