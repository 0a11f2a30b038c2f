"""Input of every kind, and hostile input: always objects or a clear problem, never a traceback, a hang or a flood."""

from __future__ import annotations

import json
import random
import string
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpers.policies import World, lint, read, suggest
from helpers.policies.reading.places import place_of
from helpers.policies.reading.texts import MOST_BYTES
from helpers.policies.reading.yamltext import load

from .build import deployment, pod, policy, rule, service
from .worlds import worlds

ROOT = Path(__file__).resolve().parents[2]
SHOP = (ROOT / "helpers/boutique/manifests/hipster-shop.yaml").read_text()
TEXT = """# a comment
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: one}
spec:
  podSelector: {}
  ingress:
  - ports:
    - port: 70000
---
---
kind: Pod
metadata:
  name: two
"""


def test_documents_keep_their_places() -> None:
    found = read(TEXT, "x.yaml").objects
    assert [(item["kind"], str(place_of(item))) for item in found] == [
        ("NetworkPolicy", "x.yaml, document 1 (line 1)"),
        ("Pod", "x.yaml, document 2 (line 11)"),
    ]
    place = place_of(found[0])
    assert place is not None and place.find("spec.ingress[0].ports[0].port") == (9, 7)
    assert place.find("spec.nothing.here") == (5, 1) and place.find() == (2, 1)


def test_a_problem_has_file_document_line_and_path_and_the_rest_goes_on() -> None:
    world = World.of(read(TEXT, "x.yaml").objects)
    assert [str(one) for one in world.problems] == [
        "x.yaml, document 1, line 9: NetworkPolicy one: spec.ingress[0].ports[0].port: Invalid value: 70000: must be "
        "between 1 and 65535, inclusive"
    ]
    assert [one.name for one in world.pods] == ["two"]


def test_a_broken_document_does_not_hide_the_others() -> None:
    reading = read("kind: Pod\nmetadata: {name: a}\n---\na: [1\n---\nkind: Pod\nmetadata: {name: b}\n", "x.yaml")
    assert [item["metadata"]["name"] for item in reading.objects] == ["a", "b"]
    assert len(reading.problems) == 1 and str(reading.problems[0]).startswith("x.yaml, document 2, line ")


@pytest.mark.parametrize("form", ["yaml", "json", "list", "typed", "bare", "nested", "utf16", "bom", "flow"])
def test_forms_of_input(form: str) -> None:
    items: list[Any] = [pod("a"), policy("p", "a")]
    content: str | bytes = {
        "yaml": lambda: yaml.safe_dump_all(items),
        "json": lambda: json.dumps({"kind": "List", "apiVersion": "v1", "items": items}),
        "list": lambda: yaml.safe_dump({"kind": "List", "items": items}),
        "typed": lambda: yaml.safe_dump_all(
            [
                {"kind": "PodList", "items": [{**items[0], "kind": None}]},
                {"kind": "NetworkPolicyList", "items": items[1:]},
            ]
        ),
        "bare": lambda: json.dumps(items),
        "nested": lambda: yaml.safe_dump({"kind": "List", "items": [{"kind": "List", "items": items}]}),
        "utf16": lambda: yaml.safe_dump_all(items).encode("utf-16"),
        "bom": lambda: "\ufeff" + yaml.safe_dump_all(items),
        "flow": lambda: "{kind: List, items: [" + ",".join(json.dumps(item) for item in items) + ",]}",
    }[form]()
    reading = read(content)
    world = World.of(reading.objects)
    assert not reading.problems and not world.problems
    assert [one.name for one in world.pods] == ["a"] and [one.key for one in world.policies] == ["default/p"]


def test_dicts_lists_and_live_objects_are_taken_as_they_are() -> None:
    items = [pod("a"), policy("p", "a")]
    for objects in (
        items,
        [{"kind": "List", "items": items}],
        [{"kind": "PodList", "items": [items[0]]}, items[1]],
        iter(items),
        tuple(items),
    ):
        assert len(World.of(objects).policies) == 1


def test_every_kind_of_workload_is_read() -> None:
    kinds = ("Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job", "ReplicationController")
    objects = [{**deployment(kind.lower()), "kind": kind} for kind in kinds]
    job = deployment("cron")
    objects.append({**job, "kind": "CronJob", "spec": {"jobTemplate": {"spec": job["spec"]}}})
    objects += [pod("bare"), service("web", 80), {"kind": "Ingress", "metadata": {"name": "x"}}, {"kind": "Other"}]
    world = World.of(objects)
    assert {one.kind for one in world.pods} == {*kinds, "CronJob", "Pod"} and not world.problems
    assert len(world.services) == 1


def test_live_pods_take_the_place_of_their_workloads() -> None:
    replica_set = {**deployment("web-5d4"), "kind": "ReplicaSet"}
    replica_set["metadata"]["ownerReferences"] = [{"kind": "Deployment", "name": "web", "controller": True}]
    live = pod("web-5d4-x", labels={"app": "web"})
    live["metadata"]["ownerReferences"] = [{"kind": "ReplicaSet", "name": "web-5d4", "controller": True}]
    world = World.of([deployment("web"), replica_set, live])
    assert [(one.name, one.workload) for one in world.pods] == [("web-5d4-x", "Deployment/web")]
    world = World.of([deployment("web"), replica_set])
    assert [(one.name, one.template) for one in world.pods] == [("web", True)]


def test_yaml_values_are_read_as_kubernetes_does() -> None:
    text = "{a: yes, b: 'no', c: 2020-01-01, d: 0x1F, e: 1e3, f: ~, g: 010, h: 1:30, 7: x, true: y, i: .5, j: <<}"
    assert load(text) == [
        {
            "a": True,
            "b": "no",
            "c": "2020-01-01",
            "d": 31,
            "e": 1000.0,
            "f": None,
            "g": 8,
            "h": "1:30",
            "7": "x",
            "true": "y",
            "i": 0.5,
            "j": "<<",
        }
    ]
    assert load("a: &x {b: 1}\nc: {<<: *x, d: 2}") == [{"a": {"b": 1}, "c": {"b": 1, "d": 2}}]


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(worlds())
def test_our_reader_reads_what_pyyaml_writes(objects: list[Any]) -> None:
    assert read(yaml.safe_dump_all(objects)).objects == objects


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(20)
)
HOSTILE = {
    "bomb": (BOMB, "aliases repeat too much data"),
    "deep flow": ("[" * 200_000, "nested deeper than 100 levels"),
    "deep mapping": ("{a: " * 100_000, "nested deeper than 100 levels"),
    "deep block": ("- " * 100_000, "nested deeper than 100 levels"),
    "deep indent": ("".join(" " * i + "a:\n" for i in range(2000)), "nested deeper than 100 levels"),
    "cycle": ("&a [*a]", "has no anchor before it"),
    "unknown alias": ("a: *b", ""),
    "twice": ("kind: Pod\nkind: Pod", 'the key "kind" is there twice'),
    "tab": ("kind: Pod\nmetadata:\n\tname: x", "no valid YAML"),
    "control": ("a: \x00", "no valid YAML"),
    "bytes": (b"\xff\x00\xfa kind: Pod", "no text in UTF-8"),
    "template": ("kind: {{ .Values.kind }}", "this is a template, not yet YAML"),
    "unclosed": ('kind: "Pod', "no valid YAML"),
    "scalar": ("just some words", "an object is a mapping"),
    "no kind": ("replicaCount: 1", "it has no kind"),
    "big number": ("kind: Pod\nmetadata: {name: x, n: " + "9" * 100_000 + "}", None),
    "tag": ("kind: !!python/object/apply:os.system [echo]", "it has no kind"),
    "deep lists": ('{"items": [' * 50 + "]}" * 50, ""),
    "huge": ("#" * (MOST_BYTES + 1), "MB is the most"),
    "long word": ("kind: " + "x" * 30_000_000, None),
    "many documents": ("---\nkind: Pod\n" * 20_000, None),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text(name: str) -> None:
    text, words = HOSTILE[name]
    began = time.perf_counter()
    reading = read(text, "evil.yaml")
    world = World.of(reading.objects)
    if words is None:
        assert reading.objects
    else:
        assert any(words in str(one) for one in [*reading.problems, *world.problems])
    assert all(len(str(one)) < 2000 for one in [*reading.problems, *world.problems])
    assert time.perf_counter() - began < 20


def test_aliases_that_multiply_a_value_in_an_error_are_bounded() -> None:
    lists = "".join(f"x{i}: &x{i} [{','.join([f'*x{i - 1}'] * 9)}]\n" for i in range(1, 5))
    text = f"kind: NetworkPolicy\nmetadata: {{name: x}}\nx0: &x0 [y]\n{lists}spec: {{podSelector: *x4}}\n"
    assert all(len(str(one)) < 2000 for one in World.of(read(text).objects).problems)


def everything(text: str | bytes) -> None:
    """Read, judge, list, lint and suggest: nothing may raise."""
    reading = read(text, "fuzz.yaml")
    world = World.of(reading.objects)
    str(world.matrix())
    for one in [*reading.problems, *world.problems, *lint(world)]:
        assert str(one)
    suggest(world)
    if world.pods:
        world.explain(world.pods[0], world.pods[-1], 80)


JUNK: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    1.5,
    "",
    "x",
    "80",
    [],
    [None],
    {},
    {"a": None},
    [[]],
    [{}],
    "\ud800",
    10**30,
    {"matchLabels": 3},
    ["x"],
    {"name": {}},
    float("nan"),
)


def damaged(value: Any, chance: random.Random) -> Any:
    """A copy with one field, anywhere, of a wrong type."""
    if isinstance(value, dict) and value and chance.random() < 0.85:
        key = chance.choice(list(value))
        return {**value, key: damaged(value[key], chance)}
    if isinstance(value, list) and value and chance.random() < 0.85:
        at = chance.randrange(len(value))
        return [*value[:at], damaged(value[at], chance), *value[at + 1 :]]
    return chance.choice(JUNK)


SAMPLES = [
    *yaml.safe_load_all(SHOP),
    policy(
        "p",
        "frontend",
        policyTypes=["Ingress", "Egress"],
        ingress=[
            rule(
                {
                    "podSelector": {"matchExpressions": [{"key": "app", "operator": "In", "values": ["a"]}]},
                    "namespaceSelector": {},
                },
                {"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.0.0.0/16"]}},
                ports=["http", 80],
            )
        ],
        egress=[rule(side="to", ports=[{"port": 1, "endPort": 9, "protocol": "UDP"}])],
    ),
    pod("live", ip=("10.0.0.1", "fd00::1"), ports=[("http", 80)], node="n"),
    {
        "kind": "Ingress",
        "metadata": {"name": "x"},
        "spec": {
            "rules": [{"http": {"paths": [{"backend": {"service": {"name": "frontend", "port": {"number": 80}}}}]}}]
        },
    },
    {"kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"url": "http://frontend:80"}},
]


@pytest.mark.parametrize("seed", range(150))
def test_wrong_types_everywhere(seed: int) -> None:
    chance = random.Random(seed)
    objects = [damaged(item, chance) if chance.random() < 0.4 else item for item in SAMPLES]
    world = World.of(objects)
    str(world.matrix("pod"))
    assert all(str(one) for one in [*world.problems, *lint(world)])
    suggest(
        world,
        [
            damaged(
                {
                    "source": {"kind": "Pod", "namespace": "default", "name": "live", "labels": {}},
                    "target": {"kind": "External", "address": "8.8.8.8"},
                    "port": 1,
                    "verdict": "allowed",
                    "attempts": 1,
                    "dns": False,
                    "protocol": "TCP",
                },
                chance,
            )
        ],
    )


@pytest.mark.parametrize("seed", range(60))
def test_mutated_text(seed: int) -> None:
    chance = random.Random(seed)
    text = list(yaml.safe_dump_all(SAMPLES[-8:]))
    for _ in range(chance.choice((1, 3, 20))):
        at = chance.randrange(len(text))
        kind = chance.randrange(4)
        if kind == 0:
            del text[at : at + chance.randrange(1, 30)]
        elif kind == 1:
            text.insert(at, chance.choice(string.printable))
        elif kind == 2:
            text[at] = chance.choice("&*!|>'\"%@`{}[]:,?-#\n\t ")
        else:
            text[at:at] = text[at : at + 40]
    everything("".join(text))


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=200) | st.binary(max_size=200))
def test_any_text_at_all(text: str | bytes) -> None:
    everything(text)


def test_reading_needs_little_memory() -> None:
    import tracemalloc

    tracemalloc.start()
    try:
        read(BOMB, "evil.yaml")
        assert tracemalloc.get_traced_memory()[1] < 30_000_000
    finally:
        tracemalloc.stop()
    assert sys.getrecursionlimit() >= 1000
