"""An application rehearsed on a local cluster: what breaks is what the policies break, and nothing stays behind."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.cluster import Cluster
from support.course import NOTEBOOKS, ROOT

from helpers import lab
from helpers.cli import rehearse as command
from helpers.lab.cluster import session
from helpers.lab.errors import LabError
from helpers.lab.rehearsal.standins import stage_of
from helpers.policies import World, home, read
from helpers.policies.wording import short

APPLICATIONS = ROOT / "tests" / "report" / "applications"
TICKETS = NOTEBOOKS / "tickets"
PLAIN = """
kind: Pod
apiVersion: v1
metadata: {name: a, labels: {app: a}}
spec: {containers: [{name: a, image: a, ports: [{containerPort: 80}]}]}
---
kind: NetworkPolicy
apiVersion: networking.k8s.io/v1
metadata: {name: closed}
spec: {podSelector: {}}
"""


@pytest.fixture(autouse=True)
def nothing_stays(kernel: None) -> Iterator[None]:
    before = spaces()
    yield
    assert spaces() <= before


def spaces() -> set[str]:
    """The namespaces that stay: one that is being removed has its end in sight."""
    found = session.current().list("namespaces")
    return {item["metadata"]["name"] for item in found if not item["metadata"].get("deletionTimestamp")}


def ends(call: Any) -> tuple[str, str, int]:
    return short(call.arrow.source), short(call.arrow.target), call.arrow.port


@pytest.mark.parametrize(
    ("application", "broken", "skipped"),
    [
        ("platform", {("monitoring/prometheus", "app/api", 9100)}, ["from the outside"]),
        ("database-with-replicas", {("ledger/db", "ledger/db", 7946)}, []),
        (
            "operator-managed",
            {("orders/intake", "orders/stock", 8080)},
            ["API server", "QueueCluster", "CiliumNetwork"],
        ),
    ],
)
def test_what_breaks_is_what_the_policies_break(
    application: str, broken: set[tuple[str, str, int]], skipped: list[str]
) -> None:
    world = lab.application(APPLICATIONS / f"{application}.yaml")
    found = lab.rehearse(world)
    assert {ends(one) for one in found.broken} == broken and not found and not found.surprises
    assert all(any(word in one for one in found.skipped) for word in skipped)
    assert f"{len(found.calls) - len(broken)} of" in found.sentence


def test_suggested_policies_let_every_declared_call_through() -> None:
    world = lab.application(TICKETS)
    found = lab.rehearse(world, lab.suggest(of=world))
    assert found and len(found.calls) == 9 and found.open == ("tickets/website TCP 8080",)
    assert any("Rules by address" in one for one in found.skipped)


def test_the_command_says_it_by_its_status(own: Cluster, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    source = ["-f", str(APPLICATIONS / "scheduled-jobs.yaml")]
    assert command.main("rehearse", [*source, "-o", "json"]) == 1
    calls = json.loads(capsys.readouterr().out)["calls"]
    assert sorted((one["source"], one["works"]) for one in calls) == [
        ("reports/clean-up[CronJob]", False),
        ("reports/nightly-export[CronJob]", True),
    ]
    assert command.main("rehearse", [*source, "--suggested"]) in (0, 1)
    none = tmp_path / "none.yaml"
    none.write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n", encoding="utf-8")
    assert command.main("rehearse", ["-f", str(none)]) == 2
    assert "There is no workload to rehearse" in capsys.readouterr().err


def test_a_cluster_is_read_only_when_that_is_meant(capsys: pytest.CaptureFixture[str]) -> None:
    name = session.current().context.name
    with pytest.raises(LabError, match=r"writes nothing there\. If you mean that: add yes=True"):
        lab.application(context=name)
    assert lab.application(context=name, yes=True).pods
    assert "nothing is written there" in capsys.readouterr().out


def test_what_names_no_namespace_is_rehearsed_where_one_works() -> None:
    """In a namespace of one's own too, a policy that names none is one of the application's."""
    for namespace in ("default", "learner-7"):
        home.work_in(namespace)
        world = World.of(read(PLAIN).objects)
        stage = stage_of(world, [policy.source for policy in world.policies], "x")
        assert [*stage.namespaces] == [namespace] and len(stage.policies) == 1
        assert stage.policies[0]["metadata"]["namespace"] == stage.namespaces[namespace]


def test_namespaces_are_meant_by_their_stage_names() -> None:
    text = "\n---\n".join(file.read_text(encoding="utf-8") for file in sorted(TICKETS.glob("*.yaml")))
    world = World.of(read(text).objects)
    stage = stage_of(world, [policy.source for policy in world.policies], "x")
    assert all(name.startswith("rehearsal-x-") for name in stage.namespaces.values())
    told = json.dumps(stage.policies)
    assert stage.namespaces["watch"] in told and '"watch"' not in told and "default" not in stage.namespaces
