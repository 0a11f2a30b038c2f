"""What other policies change, at the command line: what is exposed, members of a workload, default denies."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from helpers.cli.policies import main
from helpers.policies import World
from helpers.policies.application.change import change
from helpers.policies.application.need import needs
from helpers.policies.application.reach import Call
from helpers.policies.application.redundancy import redundant, removable

from .build import deployment, pod, pods, policy, rule, service

WEB, CLIENT = pod("web", ports=[8080]), pod("client")
INGRESS: dict[str, Any] = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "Ingress",
    "metadata": {"name": "web", "namespace": "default"},
    "spec": {"defaultBackend": {"service": {"name": "web", "port": {"number": 80}}}},
}
ANY_NAMESPACE: dict[str, Any] = {"namespaceSelector": {}}


def replicated(name: str, count: int, **more: Any) -> dict[str, Any]:
    made = deployment(name, **more)
    made["spec"]["replicas"] = count
    return made


@pytest.fixture
def write(tmp_path: Path) -> Any:
    def written(*items: dict[str, Any]) -> str:
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.yaml"
        path.write_text(yaml.safe_dump_all(items))
        return str(path)

    return written


def diff(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = main("diff", list(arguments))
    said = capsys.readouterr()
    return status, said.out, said.err


@pytest.mark.parametrize(
    ("shows", "source"),
    [
        ([INGRESS, service("web", 80, 8080)], "{ingress-controller}"),
        ([service("web", 80, 8080, kind="LoadBalancer")], "outside"),
        ([service("web", 80, 8080, kind="NodePort")], "outside"),
        (
            [
                INGRESS,
                service("web", 80, 8080),
                pod("controller", "ingress-nginx", labels={"app.kubernetes.io/name": "ingress-nginx"}),
            ],
            "ingress-nginx/controller[Pod]",
        ),
    ],
)
def test_what_is_exposed_and_cut_off_is_a_difference(shows: Any, source: str, write: Any, capsys: Any) -> None:
    base = write(WEB, *shows)
    anywhere = {"ipBlock": {"cidr": "0.0.0.0/0"}}
    before = write(policy("web", "web", ingress=[rule(ANY_NAMESPACE, anywhere, ports=[8080])]))
    after = write(policy("web", "web", ingress=[rule({"podSelector": {}}, ports=[8080])]))
    status, out, _ = diff(capsys, "-f", base, before, after, "-o", "json")
    found = json.loads(out)
    assert status == 1 and not found["same"] and found["changes"]
    assert [(one["source"], one["needed"]) for one in found["closed"]] == [(source, True)]
    assert diff(capsys, "-f", base, before, before)[0] == 0


def test_members_of_a_workload_are_compared(write: Any, capsys: Any) -> None:
    base = write(replicated("gossip", 3, ports=[7946]), policy("in", "gossip", ingress=[]))
    fix = write(policy("members", "gossip", ingress=[rule(pods("gossip"), ports=[7946])]))
    status, out, _ = diff(capsys, "-f", base, fix)
    assert status == 1
    assert out.splitlines()[0] == ("added: default/gossip[Deployment] => default/gossip[Deployment] : + TCP 7946")
    assert "1 call becomes allowed" in out and "members" not in out.partition("Redundant afterwards")[2]
    one = write(replicated("gossip", 1, ports=[7946]), policy("in", "gossip", ingress=[]))
    assert "=> default/gossip[Deployment] : +" not in diff(capsys, "-f", one, fix)[1]


def test_members_that_no_longer_reach_each_other_are_broken() -> None:
    objects = [replicated("gossip", 2, ports=[7946], env={"JOIN": "gossip:7946"}), service("gossip", 7946)]
    world = World.of(objects)
    found = change(world, world.replace_policies([policy("deny", ingress=[])]), needs(world))
    assert found.broken == (Call("default/gossip[Deployment]", "default/gossip[Deployment]", 7946),)
    assert found.sentence == "1 call becomes denied (needed)."


@pytest.mark.parametrize("number", [1, 3])
def test_the_matrix_lists_members_where_there_are_several(number: int) -> None:
    line = "default/gossip[Deployment] => default/gossip[Deployment] : All Connections"
    assert (line in str(World.of([replicated("gossip", number)]).matrix()).splitlines()) == (number > 1)


def test_a_default_deny_is_never_redundant(write: Any, capsys: Any) -> None:
    own = [policy("web", "web", ingress=[rule(pods("client"), ports=[8080])]), policy("client", "client", ingress=[])]
    for deny in (policy("deny"), policy("deny", policyTypes=["Ingress", "Egress"]), policy("deny", {})):
        world = World.of([WEB, CLIENT, *own, deny])
        assert "default/deny" not in {one.policy.key for one in (*redundant(world), *removable(world))}
        base = write(WEB, CLIENT, *own)
        assert "default/deny" not in diff(capsys, "-f", base, write(deny))[1]


def test_what_is_about_pods_that_are_not_there_is_not_redundant() -> None:
    beyond = policy("beyond", "web", ingress=[rule(pods("tomorrow"))])
    none = policy("none", "later", ingress=[])
    world = World.of([WEB, policy("web", "web", ingress=[]), beyond, none])
    assert [one.policy.key for one in redundant(world)] == ["default/web"]


def test_protocols_are_told_apart() -> None:
    server = pod("dns", ports=[("dns", 53, "UDP"), ("dns-tcp", 53, "TCP")])
    world = World.of([server, CLIENT])
    only_udp = policy("udp", "dns", ingress=[rule(pods("client"), ports=[{"protocol": "UDP", "port": 53}])])
    found = change(world, world.replace_policies([only_udp]))
    assert [(call.port, call.protocol) for call in found.closed] == [(53, "TCP")]


def test_a_change_on_ports_that_nobody_declares_is_not_the_same(write: Any, capsys: Any) -> None:
    base = write(WEB, CLIENT, policy("web", "web", ingress=[]))
    status, out, _ = diff(capsys, "-f", base, write(policy("more", "web", ingress=[rule(pods("client"), ports=[9])])))
    assert status == 1 and "No call on a port that matters changes" in out and "+ TCP 9" in out


def test_an_address_family_that_one_side_alone_mentions_is_no_difference() -> None:
    unknown = World.of([deployment("web")])
    block = policy("v6", "other", ingress=[rule({"ipBlock": {"cidr": "2001:db8::/32"}})])
    assert change(unknown, unknown.replace_policies([block])).same


def test_sides_without_pods_are_told(write: Any, capsys: Any) -> None:
    some = policy("web", "web", ingress=[])
    assert main("diff", [write(some), "-f", write(some)]) == 2
    assert "neither side has a pod" in capsys.readouterr().err
    status, out, err = diff(capsys, write(WEB, CLIENT), write(some))
    assert status == 1 and "removed:" in out and "the side after has no pod" in err


def test_what_could_not_be_read_is_never_called_the_same(write: Any, capsys: Any) -> None:
    broken = {**policy("web", "web"), "spec": {"podSelector": 3}}
    base = write(WEB, CLIENT)
    status, out, err = diff(capsys, "-f", base, write(broken))
    assert status == 2 and "mean the same" not in out and "could not be read or judged" in err
    assert not json.loads(diff(capsys, "-f", base, write(broken), "-o", "json")[1])["same"]


@pytest.mark.parametrize(
    ("options", "ends"),
    [
        (["--from", "client"], {("default/client[Pod]", "default/web[Pod]"), ("default/client[Pod]", "outside")}),
        (["--to", "web", "--from", "outside"], {("outside", "default/web[Pod]")}),
        (["--to", "web", "--from", "8.8.8.8"], {("outside", "default/web[Pod]")}),
        (["-n", "x"], set()),
        (["--exposed"], {("outside", "default/web[Pod]")}),
        (["--to", "default/web", "--from", "client", "--by", "pod"], {("default/client[Pod]", "default/web[Pod]")}),
    ],
)
def test_a_part_of_the_matrix(options: list[str], ends: Any, write: Any, capsys: pytest.CaptureFixture[str]) -> None:
    base = write(
        WEB,
        CLIENT,
        pod("far", "x"),
        service("web", 80, 8080, kind="NodePort"),
        policy("shut", space="x", policyTypes=["Ingress", "Egress"]),
    )
    assert main("matrix", ["-f", base, "-o", "json", *options]) == 0
    said = capsys.readouterr()
    found = {(_plain(line["src"]), _plain(line["dst"])) for line in json.loads(said.out)["connections"]}
    assert found == ends
    assert bool(said.err) == (not ends)


def _plain(end: str) -> str:
    return end if "[" in end else "outside"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["-n", "nowhere"], "no pod of the input is in a namespace 'nowhere'"),
        (["--from", "webb"], "did you mean"),
        (["--to", "node"], "`can` and `explain` judge it"),
    ],
)
def test_parts_that_there_are_not(options: list[str], said: str, write: Any, capsys: Any) -> None:
    assert main("matrix", ["-f", write(WEB), *options]) == 2
    assert said in capsys.readouterr().err


def test_nothing_to_list_is_said(write: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main("matrix", ["-f", write(policy("p", "web"))]) == 0
    assert "no pod and no workload" in capsys.readouterr().err
