"""Every pod template is a workload; what isn't read or judged has a name and a count."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from helpers.cli.policies import main
from helpers.policies import World, read

from .build import Object, deployment, namespace, pod, pods, policy, rule


def made(kind: str, api: str, name: str = "web", **spec: Any) -> Object:
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name, "namespace": "shop"}, "spec": spec}


def template(app: str = "web", port: int = 8080) -> Object:
    return {
        "metadata": {"labels": {"app": app}},
        "spec": {"containers": [{"name": "main", "image": "web", "ports": [{"containerPort": port}]}]},
    }


@pytest.mark.parametrize(
    ("kind", "api", "spec", "members"),
    [
        ("Rollout", "argoproj.io/v1alpha1", {"replicas": 3, "template": template()}, 3),
        ("DeploymentConfig", "apps.openshift.io/v1", {"replicas": 2, "template": template()}, 2),
        ("Service", "serving.knative.dev/v1", {"template": template()}, 1),
        ("CloneSet", "apps.kruise.io/v1alpha1", {"template": template()}, 1),
        ("Job", "batch.volcano.sh/v1alpha1", {"tasks": [{"replicas": 4, "template": template()}]}, 4),
        ("ScaledJob", "keda.sh/v1alpha1", {"jobTargetRef": {"parallelism": 2, "template": template()}}, 2),
        (
            "AdvancedCronJob",
            "apps.kruise.io/v1alpha1",
            {"template": {"jobTemplate": {"spec": {"template": template()}}}},
            1,
        ),
        ("Cache", "example.org/v1", {"podTemplate": template()}, 1),
        ("Deployment", "extensions/v1beta1", {"replicas": 2, "template": template()}, 2),
        ("Job", "batch/v1", {"parallelism": 5, "template": template()}, 5),
        ("CronJob", "batch/v1", {"jobTemplate": {"spec": {"parallelism": 2, "template": template()}}}, 2),
    ],
)
def test_whatever_has_a_pod_template_is_a_workload(kind: str, api: str, spec: Object, members: int) -> None:
    world = World.of(
        [
            made(kind, api, **spec),
            pod("other", "shop"),
            policy("web", "web", "shop", ingress=[rule(pods("other"), ports=[8080])]),
        ]
    )
    one = world.workloads[f"shop/web[{kind}]"]
    assert one.members == members and one.pods[0].labels == {"app": "web"} and not world.unread and not world.problems
    assert world.judge("shop/other", "shop/web", 8080) and not world.judge("shop/other", "shop/web", 80)
    assert f"shop/other[Pod] => shop/web[{kind}] : TCP 8080" in str(world.matrix()).splitlines()


def test_an_object_may_hold_several_templates() -> None:
    ray = made(
        "RayCluster",
        "ray.io/v1",
        headGroupSpec={"template": template("head", 6379)},
        workerGroupSpecs=[
            {"replicas": 2, "template": template("worker", 8000)},
            {"replicas": 3, "template": template("gpu", 8001)},
        ],
    )
    world = World.of([ray, policy("head", "head", "shop", ingress=[rule(pods("worker"))])])
    assert [one.labels["app"] for one in world.pods] == ["head", "worker", "gpu"]
    assert len({one.key for one in world.pods}) == 3 and list(world.workloads) == ["shop/web[RayCluster]"]
    assert world.workloads["shop/web[RayCluster]"].members == 6
    head, worker, gpu = world.pods
    assert world.judge(worker, head, 6379) and not world.judge(gpu, head, 6379)


@pytest.mark.parametrize(
    ("item", "words", "overturns", "may_run"),
    [
        (made("GlobalNetworkPolicy", "projectcalico.org/v3"), "Calico", True, False),
        (made("NetworkPolicy", "crd.projectcalico.org/v1"), "Calico", True, False),
        (made("StagedNetworkPolicy", "projectcalico.org/v3"), "not in force", False, False),
        (made("IPPool", "projectcalico.org/v3"), "Calico's own", False, False),
        (made("CiliumNetworkPolicy", "cilium.io/v2"), "Cilium", True, False),
        (made("CiliumClusterwideNetworkPolicy", "cilium.io/v2"), "Cilium", True, False),
        (made("AdminNetworkPolicy", "policy.networking.k8s.io/v1alpha1"), "the whole cluster", True, False),
        (made("ClusterNetworkPolicy", "policy.networking.k8s.io/v1beta1"), "the whole cluster", True, False),
        (made("AuthorizationPolicy", "security.istio.io/v1"), "Istio", True, False),
        (made("PeerAuthentication", "security.istio.io/v1"), "Istio", True, False),
        (made("NetworkPolicy", "crd.antrea.io/v1beta1"), "Antrea", True, False),
        (made("BetterNetworkPolicy", "example.org/v1"), "only policies of networking.k8s.io/v1", True, False),
        (made("NetworkPolicy", "extensions/v1beta1"), "write networking.k8s.io/v1", True, False),
        (made("NetworkPolicy", "v1"), "write networking.k8s.io/v1", True, False),
        (made("NetworkPolicy", "apps/v1"), "write networking.k8s.io/v1", True, False),
        (made("NetworkPolicy", "netwoking.k8s.io/v1"), "did you mean networking.k8s.io?", True, False),
        (made("NetworkPolicies", "networking.k8s.io/v1"), "did you mean NetworkPolicy?", True, True),
        (made("NetworkPolciy", "networking.k8s.io/v1"), "did you mean NetworkPolicy?", True, True),
        (made("networkpolicy", "networking.k8s.io/v1"), "did you mean NetworkPolicy?", True, True),
        (made("Deploymnet", "apps/v1", template=template()), "did you mean Deployment?", True, True),
        (made("Namspace", "v1"), "did you mean Namespace?", True, True),
        (made("Sevice", "v1"), "did you mean Service?", True, True),
        (made("Pod", "apps/v1"), "it is in the API group v1", True, False),
        (made("Kustomization", "kustomize.config.k8s.io/v1beta1"), "-k", True, True),
        (made("Kustomization", "kustomize.toolkit.fluxcd.io/v1"), "render it", True, True),
        (made("Application", "argoproj.io/v1alpha1"), "render it", True, True),
        (made("HelmRelease", "helm.toolkit.fluxcd.io/v2"), "render it", True, True),
        (made("Kafka", "kafka.strimzi.io/v1beta2", kafka={"replicas": 3}), "operator", False, True),
        (made("Prometheus", "monitoring.coreos.com/v1"), "operator", False, True),
    ],
)
def test_what_is_not_read_or_judged_has_a_name(item: Object, words: str, overturns: bool, may_run: bool) -> None:
    twin = {**item, "metadata": {**item["metadata"], "name": "second"}}
    world = World.of([item, twin, pod("other", "shop")])
    (one,) = world.unread
    assert (one.kind, one.api, one.count, one.overturns) == (item["kind"], item["apiVersion"], 2, overturns)
    assert one.pods is may_run and words in one.why and one.names == ("web", "second")
    assert one.namespaces == ("shop",) and one.sentence.startswith(f"2 {item['kind']} ({item['apiVersion']})")
    assert [pod_.key for pod_ in world.pods] == ["shop/other"]


@pytest.mark.parametrize(
    "item",
    [
        made("ConfigMap", "v1"),
        made("Ingress", "networking.k8s.io/v1"),
        made("PodTemplate", "v1"),
        made("ServiceMonitor", "monitoring.coreos.com/v1"),
        made("HTTPRoute", "gateway.networking.k8s.io/v1"),
        made("Certificate", "cert-manager.io/v1"),
        made("Route", "route.openshift.io/v1"),
        made("HorizontalPodAutoscaler", "autoscaling/v2"),
        made("PodDisruptionBudget", "policy/v1"),
        made("ValidatingAdmissionPolicy", "admissionregistration.k8s.io/v1"),
        made("CustomResourceDefinition", "apiextensions.k8s.io/v1"),
        made("Rollout", "argoproj.io/v1alpha1", workloadRef={"name": "web"}),
    ],
)
def test_what_says_nothing_about_connections_needs_no_word(item: Object) -> None:
    world = World.of([item, pod("other", "shop")])
    assert not world.unread and not world.problems and len(world.pods) == 1


def test_a_verdict_says_what_could_overturn_it() -> None:
    here = [pod("a", "shop"), pod("b", "shop"), pod("c"), pod("d")]
    world = World.of([*here, made("NetworkPolicy", "projectcalico.org/v3")])
    assert any("Calico" in note for note in world.explain("shop/a", "shop/b", 80).notes)
    assert any("Calico" in note for note in world.explain("c", "shop/b", 80).notes)
    assert not any("Calico" in note for note in world.explain("c", "d", 80).notes), "it is the shop's alone"
    everywhere = made("GlobalNetworkPolicy", "projectcalico.org/v3")
    del everywhere["metadata"]["namespace"]
    assert any("Calico" in note for note in World.of([*here, everywhere]).explain("c", "d", 80).notes)
    assert World.of([*here, everywhere]).replace_policies([]).unread


KAFKA = made("Kafka", "kafka.strimzi.io/v1beta2", "queue")
CALICO = made("GlobalNetworkPolicy", "projectcalico.org/v3", "deny")
ITEMS = [namespace("shop"), deployment("web", "shop", ports=[80]), deployment("db", "shop", ports=[5432])]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "all.yaml").write_text(yaml.safe_dump_all([*ITEMS, KAFKA, CALICO]))
    return tmp_path


COMMANDS = [
    ["matrix"],
    ["lint", "--least", "error"],
    ["suggest"],
    ["explain"],
    ["explain", "shop/web", "shop/db", "--port", "5432"],
    ["can", "shop/web", "shop/db", "--port", "5432"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_each_command_names_it_and_strict_fails(
    folder: Path, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    name, *rest = command
    assert main(name, [*rest, "-f", str(folder)]) in (0, 1)
    out = capsys.readouterr().out
    assert "1 Kafka (kafka.strimzi.io/v1beta2), queue" in out and "1 GlobalNetworkPolicy" in out
    assert main(name, [*rest, "-f", str(folder), "-o", "json"]) in (0, 1)
    unread = json.loads(capsys.readouterr().out)["unread"]
    assert [(one["kind"], one["count"], one["overturns"]) for one in unread] == [
        ("GlobalNetworkPolicy", 1, True),
        ("Kafka", 1, False),
    ]
    assert main(name, [*rest, "-f", str(folder), "--strict"]) == 2
    (folder / "all.yaml").write_text(yaml.safe_dump_all(ITEMS))
    assert main(name, [*rest, "-f", str(folder), "--strict"]) != 2


@pytest.mark.parametrize("form", ["csv", "markdown", "dot", "svg"])
def test_tables_and_pictures_say_it_beside_themselves(
    folder: Path, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    assert main("matrix", ["-f", str(folder), "-o", form]) == 0
    said = capsys.readouterr()
    assert "Not read: 1 Kafka" in said.err and "Kafka" not in said.out


def test_a_scanner_is_told_too(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main("lint", ["-f", str(folder), "-o", "sarif"])
    (invocation,) = json.loads(capsys.readouterr().out)["runs"][0]["invocations"]
    levels = [one["level"] for one in invocation["toolExecutionNotifications"]]
    assert levels == ["warning", "note"]


def test_what_is_suggested_leaves_alone_what_is_not_known(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main("suggest", ["-f", str(folder)])
    said = capsys.readouterr()
    assert all(item is None for item in yaml.safe_load_all(said.out)), "no default deny over Kafka's pods"
    assert "not proven: Not read: 1 Kafka" in said.err


def test_two_sides_are_never_the_same_when_what_differs_is_not_judged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sides = {"old": [CALICO], "new": [{**CALICO, "spec": {"order": 1}}], "none": [], "more": [CALICO, KAFKA]}
    for name, more in sides.items():
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump_all([*ITEMS, *more]))
    for old, new in (("old", "new"), ("old", "none"), ("none", "old")):
        assert main("diff", [str(tmp_path / f"{old}.yaml"), str(tmp_path / f"{new}.yaml")]) == 1
        out = capsys.readouterr().out
        assert "it can't be said that both mean the same" in out and "Not read: 1 GlobalNetworkPolicy" in out
        assert "Both mean the same" not in out
    assert main("diff", [str(tmp_path / "old.yaml"), str(tmp_path / "more.yaml")]) == 0
    assert "Both mean the same" in capsys.readouterr().out
    assert main("diff", [str(tmp_path / "old.yaml"), str(tmp_path / "old.yaml"), "--strict", "-o", "json"]) == 2
    assert json.loads(capsys.readouterr().out)["unread"][0]["kind"] == "GlobalNetworkPolicy"


def owned(item: Object, kind: str, name: str) -> Object:
    owner = [{"kind": kind, "name": name, "controller": True}]
    return {**item, "metadata": {**item["metadata"], "ownerReferences": owner}}


def test_owners_in_a_circle_lose_nothing() -> None:
    itself = owned(deployment("itself"), "Deployment", "itself")
    one, other = owned(deployment("one"), "Deployment", "other"), owned(deployment("other"), "Deployment", "one")
    below = owned({**deployment("below"), "kind": "ReplicaSet"}, "Deployment", "one")
    world = World.of([itself, one, other, below])
    assert sorted(world.workloads) == [
        "default/itself[Deployment]",
        "default/one[Deployment]",
        "default/other[Deployment]",
    ]
    live = World.of(
        [
            itself,
            one,
            other,
            owned(pod("p"), "Deployment", "itself"),
            owned(pod("q"), "Deployment", "one"),
            owned(pod("r"), "Pod", "r"),
        ]
    )
    assert sorted(live.workloads) == [
        "default/itself[Deployment]",
        "default/one[Deployment]",
        "default/other[Deployment]",
        "default/r[Pod]",
    ]


def test_a_long_line_of_owners_has_one_top() -> None:
    chain = [owned(deployment(f"d{number}"), "Deployment", f"d{number + 1}") for number in range(30)]
    world = World.of([*chain, deployment("d30"), owned(pod("p"), "Deployment", "d0")])
    assert list(world.workloads) == ["default/d30[Deployment]"]


def test_objects_without_a_name_yet_are_each_read() -> None:
    job = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"generateName": "tidy-"},
        "spec": {"template": template()},
    }
    bare = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"generateName": "one-", "labels": {"app": "one"}},
        "spec": {"containers": []},
    }
    world = World.of([job, job, bare, bare])
    assert len(world.pods) == 4 and len({one.key for one in world.pods}) == 4


@pytest.mark.parametrize("kind", ["Deployment", "Service", "Namespace"])
def test_of_two_with_one_name_the_later_counts_and_it_is_said(kind: str) -> None:
    first = {
        "apiVersion": "v1",
        "kind": kind,
        "metadata": {"name": "x", "labels": {"a": "1"}},
        "spec": {"template": template(), "ports": [{"port": 80}]},
    }
    second = {
        **first,
        "metadata": {"name": "x", "labels": {"a": "2"}},
        "spec": {"template": template(port=81), "ports": [{"port": 81}]},
    }
    world = World.of([first, second])
    assert [str(one) for one in world.problems] == [f"{kind} x: it is there twice, and the later one counts"]
    assert all(one.minor for one in world.problems) and not World.of([first, dict(first)]).problems


def test_a_kustomization_is_known_by_its_file_name() -> None:
    reading = read("resources: [web.yaml]\n", "over/kustomization.yaml")
    (one,) = World.of(reading.objects).unread
    assert one.kind == "Kustomization" and "over/kustomization.yaml" in one.sentence and not reading.problems
