"""One question, one answer: graph, matrix, workbench, comparison, timeline, checks and `diff` on random worlds."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from policies.worlds import policy, worlds

from helpers.cli.policies import main
from helpers.display import explaining, tables
from helpers.display.drawing.scene import BLOCKED, EXTRA, Scene, scene_between, scene_of
from helpers.display.grid import grid
from helpers.display.widgets.draft import Draft
from helpers.display.widgets.proposal import Ground, Proposal
from helpers.display.widgets.timeline import steps_of
from helpers.lab.cluster import looking
from helpers.lab.course.checks.situation import Situation
from helpers.lab.course.checks.whole import inexact
from helpers.policies import World
from helpers.policies.application.change import Change, change
from helpers.policies.application.need import needs
from helpers.policies.application.reach import Call, Reach
from helpers.policies.model.addresses import OUTSIDE, OUTSIDE_ADDRESS

SETTINGS = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
Objects = list[dict[str, Any]]


@st.composite
def applications(draw: st.DrawFn) -> tuple[Objects, Objects]:
    """(objects with policies, other policies): some pods know the address of others, some have replicas, some are
    shown to the outside."""
    objects = draw(worlds())
    others = [item for item in objects if item["kind"] != "NetworkPolicy"]
    own = [item for item in objects if item["kind"] == "NetworkPolicy"]
    pods = [item for item in others if item["kind"] == "Pod"]
    for number, pod in enumerate(pods):
        if pod["metadata"].get("labels"):
            others.append(service(number, pod, draw(st.sampled_from(("ClusterIP", "ClusterIP", "LoadBalancer")))))
    for pod in pods:
        called = draw(st.lists(st.integers(0, len(pods) - 1), max_size=2, unique=True))
        pod["spec"]["containers"][0]["env"] = [
            {"name": f"S{one}_ADDR", "value": f"s{one}.{pods[one]['metadata']['namespace']}:80"} for one in called
        ]
    if pods and draw(st.booleans()):
        others.append(replicated(pods[0]))
    more = [draw(policy(90 + number)) for number in range(draw(st.integers(0, 3)))]
    return [*others, *own], more


def service(number: int, pod: dict[str, Any], kind: str) -> dict[str, Any]:
    about = pod["metadata"]
    protocol = "UDP" if number % 2 else "TCP"
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": f"s{number}", "namespace": about["namespace"]},
        "spec": {
            "selector": about["labels"],
            "type": kind,
            "ports": [{"port": 80, "targetPort": 8080, "protocol": protocol}],
        },
    }


def replicated(pod: dict[str, Any]) -> dict[str, Any]:
    about = pod["metadata"]
    template = {"metadata": {"labels": about.get("labels") or {}}, "spec": pod["spec"]}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "several", "namespace": about["namespace"]},
        "spec": {"replicas": 3, "template": template},
    }


def sides(drawn: tuple[Objects, Objects]) -> tuple[World, World, tuple[Any, ...], Change]:
    objects, more = drawn
    before = World.of(objects)
    after = before.replace_policies(more)
    wanted = tuple(needs(before))
    return before, after, wanted, change(before, after, wanted)


@SETTINGS
@given(applications())
def test_reach_is_what_the_engine_says_of_each_pair_of_pods(drawn: tuple[Objects, Objects]) -> None:
    before, _, wanted, _ = sides(drawn)
    reach = Reach.of(before, wanted)
    asked = [call for source in (*before.workloads, OUTSIDE) for call in reach.stage.calls(source)]
    for call in asked:
        assert (call in reach) == any(judged(before, call)), call
        assert call in reach or call not in reach.calls
    assert reach.calls <= set(asked)


def judged(world: World, call: Call) -> list[bool]:
    """The verdicts between each two different members; none for a lone workload and itself."""
    ends = [world.workloads[end].pods if end in world.workloads else (OUTSIDE_ADDRESS,) for end in call[:2]]
    pairs = [(one, other) for one in ends[0] for other in ends[1] if one is not other]
    if call.source == call.target and world.workloads[call.source].several:
        pairs.append(world.workloads[call.source].two())
    return [world.judge(one, other, call.port, call.protocol).allowed for one, other in pairs]


@SETTINGS
@given(applications())
def test_workbench_comparison_timeline_and_diff_find_the_same_change(drawn: tuple[Objects, Objects]) -> None:
    before, after, wanted, expected = sides(drawn)
    objects, more = drawn
    with mock.patch.object(looking, "objects", lambda: objects):
        compared = explaining.compare(more).change
    proposal = Proposal(Ground(before, tuple(one.source for one in before.policies), wanted), Draft.of(more))
    timeline = steps_of(before, more, wanted)
    for found in (compared, proposal.change):
        assert (found.opened, found.closed, found.broken, found.mended, found.same, found.sentence) == (
            expected.opened,
            expected.closed,
            expected.broken,
            expected.mended,
            expected.same,
            expected.sentence,
        )
    assert timeline[-1].reach.calls == Reach.of(after, wanted).calls
    assert differs(objects, more) == {"opened": list(expected.opened), "closed": list(expected.closed)}


def differs(objects: Objects, more: Objects) -> dict[str, list[Call]]:
    """What `python -m helpers diff` says of the objects with their own policies, and with others instead."""
    with tempfile.TemporaryDirectory() as folder:
        others = [item for item in objects if item["kind"] != "NetworkPolicy"]
        paths = [Path(folder, name) for name in ("before.yaml", "after.yaml")]
        for path, items in zip(paths, (objects, [*others, *more]), strict=True):
            path.write_text(yaml.safe_dump_all(items))
        with mock.patch("builtins.print") as printed:
            main("diff", [*map(str, paths), "-o", "json"])
    found = json.loads(next(one.args[0] for one in printed.call_args_list if str(one.args[0]).startswith("{")))
    return {
        word: [Call(one["source"], one["target"], one["port"], one["protocol"]) for one in found[word]]
        for word in ("opened", "closed")
    }


@SETTINGS
@given(applications())
def test_graph_and_matrix_show_the_same_calls(drawn: tuple[Objects, Objects]) -> None:
    _, after, wanted, expected = sides(drawn)
    scene = scene_between(expected.after, expected.before, wanted)
    calls = expected.after.calls
    for edge in scene.edges:
        assert (edge.state != BLOCKED) == (key(edge) in calls), edge
    shown = {key(edge): edge.change for edge in scene.edges if edge.change in ("now allowed", "now blocked")}
    assert {call for call, said in shown.items() if said == "now blocked"} == set(expected.broken)
    assert {call for call, said in shown.items() if said == "now allowed"} == set(expected.mended)
    table = tables.matrix(after, wanted)
    needed = expected.needed
    for pair, cell in table.cells.items():
        inside = {call for call in cell.calls if call in calls}
        assert (cell.state == "blocked") == bool({*cell.calls} & needed - calls), pair
        assert (cell.state == "open") == bool(inside - needed and {*cell.calls} & needed <= calls), pair
    if after.policies:
        assert extras(scene_of(after, wanted, last="")) == len(needless(after, expected.after))
    compared = grid(expected.after, expected.before)
    changed = {call[:2] for call in (*expected.opened, *expected.closed) if call.target != OUTSIDE}
    assert {
        pair
        for pair, cell in compared.cells.items()
        if any((call in expected.before) != (call in expected.after) for call in cell.calls)
    } == changed


def key(edge: Any) -> Call:
    return Call(edge.source, edge.target, edge.port, edge.protocol)


def extras(scene: Scene) -> int:
    """How many needless calls a graph tells of: drawn, or counted at one end or at both."""
    drawn = sum(edge.state == EXTRA for edge in scene.edges)
    counted = sum(node.others_in + node.others_out for node in scene.nodes)
    return drawn + counted


def needless(world: World, reach: Reach) -> set[Call]:
    isolated = {
        key: [bool(world.isolating(one.pods[0], direction)) for direction in ("ingress", "egress")]
        for key, one in world.workloads.items()
    }
    return {
        call
        for call in reach.calls - reach.stage.needed
        if call.source in isolated
        and (isolated[call.source][1] or (call.target in isolated and isolated[call.target][0]))
    }


@SETTINGS
@given(applications())
def test_the_checks_find_fault_with_just_what_reach_shows(drawn: tuple[Objects, Objects]) -> None:
    """Of the namespace that one works in, and of pods that policies can select."""
    world, _, wanted, _ = sides(drawn)
    reach = Reach.of(world, wanted)
    nodes = {end for end, found in world.workloads.items() if found.pods[0].host_network}

    def ours(call: Call) -> bool:
        inside = any(end.startswith("default/") for end in call[:2])
        return inside and call.target != OUTSIDE and not nodes & {*call[:2]}

    wrong = [call for call in {*reach.broken} | (reach.calls - reach.stage.needed) if ours(call)]
    answer = inexact(Situation(tuple(drawn[0])))
    assert (answer is None) == (not wrong)


@pytest.mark.parametrize("policy_types", [["Ingress"], ["Egress"], ["Ingress", "Egress"]])
def test_one_deny_all_has_one_size(policy_types: list[str]) -> None:
    from support.course import shop

    deny = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "deny-all", "namespace": "default"},
        "spec": {"podSelector": {}, "policyTypes": policy_types},
    }
    objects = list(shop())
    world = World.of(objects)
    wanted = tuple(needs(world))
    expected = change(world, world.replace_policies([deny]), wanted)
    with mock.patch.object(looking, "objects", lambda: objects):
        compared = explaining.compare([deny])
    proposal = Proposal(Ground(world, (), wanted), Draft.of([deny]))
    assert expected.sentence in compared.sentence and expected.sentence in proposal.summary()
    assert steps_of(world, [deny], wanted)[-1].text.endswith(expected.sentence)
    assert differs(objects, [deny])["closed"] == list(expected.closed)
