"""`suggest` at its edges, as its users see it: exposure, members, what isn't known, what wasn't read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from helpers.cli.policies import main
from helpers.policies import Suggestion, World, suggest

from .build import Object, deployment, namespace, pod, policy, service
from .needing import API, BOT, binding, headless, several

WEB = pod("web", ports=[8080])
SERVICE = service("web", 80, 8080)
INGRESS: Object = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "Ingress",
    "metadata": {"name": "web"},
    "spec": {"defaultBackend": {"service": {"name": "web", "port": {"number": 80}}}},
}
DNS = [namespace("kube-system"), pod("coredns-1", "kube-system", labels={"k8s-app": "kube-dns"}, ip="10.244.0.2")]


def named(found: Suggestion, ending: str) -> Object:
    return next(item for item in found.policies if item["metadata"]["name"].endswith(ending))


def after(found: Suggestion, *objects: Object) -> World:
    return World.of([*objects, *found.policies])


def doubts(found: Suggestion) -> str:
    return "\n".join(found.proof.unproven)


def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], objects: list[Object], *more: str) -> tuple[int, str, str]:
    """Exit status, standard output and standard error of the command."""
    file = tmp_path / "input.yaml"
    file.write_text(yaml.safe_dump_all(objects))
    status = main("suggest", ["-f", str(file), *more])
    out, err = capsys.readouterr()
    return status, out, err


def test_an_ingress_controller_that_is_not_in_the_input_may_be_a_pod_a_node_or_outside() -> None:
    found = suggest([WEB, SERVICE, INGRESS])
    controller = pod("c", "ingress-nginx", labels={"app.kubernetes.io/name": "ingress-nginx"}, ip="10.244.3.3")
    other = pod("other", ip="10.9.9.9")
    world = after(found, WEB, SERVICE, INGRESS, controller, other)
    assert world.judge("ingress-nginx/c", "web", 8080)
    for address in ("172.18.0.2", "10.0.0.5", "192.168.49.2", "198.51.100.1"):
        assert world.judge(address, "web", 8080)
    assert not world.judge("ingress-nginx/c", "web", 9090)
    assert "isn't in the input" in doubts(found) and "web TCP 8080" in doubts(found)
    assert "Take your pods' range out" in doubts(found) and found.proof.exact
    assert "as far as could be proven" in found.proof.sentence


def test_an_ingress_controller_in_the_input_is_named_and_nobody_else() -> None:
    controller = pod("c", "ingress-nginx", labels={"app.kubernetes.io/name": "ingress-nginx"}, ip="10.244.3.3")
    found = suggest([WEB, SERVICE, INGRESS, controller])
    assert named(found, "web-allow-ingress-nginx-c")["spec"]["ingress"] == [
        {
            "from": [
                {
                    "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ingress-nginx"}},
                    "podSelector": {"matchLabels": {"app.kubernetes.io/name": "ingress-nginx"}},
                }
            ],
            "ports": [{"protocol": "TCP", "port": 8080}],
        }
    ]
    assert not found.proof.unproven and {item["metadata"]["namespace"] for item in found.policies} == {"default"}
    assert not after(found, WEB, SERVICE, controller).judge("198.51.100.1", "web", 8080)


@pytest.mark.parametrize(("ip", "cidrs"), [("172.20.0.2", ["172.20.0.2/32"]), ("", ["172.20.0.2/32"])])
def test_an_ingress_controller_on_the_nodes_network_is_its_address(ip: str, cidrs: list[str]) -> None:
    controller = pod("c", "ingress-nginx", host=True, ip=ip or (), labels={"app": "ingress-nginx"})
    found = suggest([WEB, SERVICE, INGRESS, controller])
    peers = named(found, "-c")["spec"]["ingress"][0]["from"]
    assert [peer["ipBlock"]["cidr"] for peer in peers] == cidrs and found.proof.exact
    assert after(found, WEB, controller).judge("172.20.0.2", "web", 8080)


def test_a_controller_on_nodes_of_which_only_the_node_objects_tell() -> None:
    controller = deployment("c", "ingress-nginx")
    controller["spec"]["template"]["metadata"]["labels"] = {"app": "ingress-nginx"}
    controller["spec"]["template"]["spec"]["hostNetwork"] = True
    node: Object = {
        "kind": "Node",
        "metadata": {"name": "n"},
        "spec": {"podCIDR": "10.7.0.0/24"},
        "status": {"addresses": [{"type": "InternalIP", "address": "10.7.0.9"}, {"type": "Hostname", "address": "n"}]},
    }
    web = deployment("web", ports=[8080])
    found = suggest([web, SERVICE, INGRESS, controller, node])
    assert named(found, "-c")["spec"]["ingress"][0]["from"] == [{"ipBlock": {"cidr": "10.7.0.9/32"}}]
    assert found.proof.exact and not found.proof.unproven
    unknown = suggest([web, SERVICE, INGRESS, controller])
    assert unknown.proof.exact and "The addresses of pods and nodes aren't in the input" in doubts(unknown)


def test_a_node_among_the_pods_addresses_may_bring_calls_in() -> None:
    exposed = service("web", 80, 8080, kind="NodePort")
    live = pod("web", ip="10.0.1.7", ports=[8080], node="n1")
    live["status"]["hostIP"] = "10.0.2.1"
    found = suggest([live, exposed])
    blocks = [peer["ipBlock"] for peer in named(found, "web-allow-outside")["spec"]["ingress"][0]["from"]]
    assert blocks == [{"cidr": "0.0.0.0/0", "except": ["10.0.0.0/16"]}, {"cidr": "10.0.2.1/32"}]
    world = after(found, live, exposed)
    assert world.judge("10.0.2.1", "web", 8080) and not world.judge("10.0.3.1", "web", 8080)
    assert found.proof.exact and not found.proof.unproven


def test_pods_of_both_families_have_an_outside_of_both() -> None:
    live = pod("web", ip=("10.0.1.7", "fd00::7"), ports=[8080])
    found = suggest([live, service("web", 80, 8080, kind="LoadBalancer")])
    blocks = [peer["ipBlock"]["cidr"] for peer in named(found, "web-allow-outside")["spec"]["ingress"][0]["from"]]
    assert blocks == ["0.0.0.0/0", "::/0"] and found.proof.exact
    assert after(found, live).judge("2001:db8::1", "web", 8080)


def test_pods_on_the_nodes_network_are_no_surprise_where_nodes_may_call() -> None:
    agent = pod("agent", "kube-system", host=True, ip="172.20.0.2")
    found = suggest([pod("web", ip="10.0.1.7"), service("web", 80, kind="LoadBalancer"), agent])
    assert found.proof.exact, found.proof
    to = suggest([pod("web", ip="10.0.1.7"), deployment("caller", env={"AGENT": "172.20.0.2:9100"}), agent])
    assert to.proof.exact, to.proof


def test_members_get_their_arrow_and_its_proof() -> None:
    objects = [
        namespace("peers"),
        several("gossip", 3, space="peers", ports=[7946], env={"JOIN": "gossip:7946"}),
        headless("gossip", 7946, space="peers"),
    ]
    for style in ("arrow", "workload"):
        found = suggest(objects, style=style)
        assert found.proof.exact and [str(one) for one in found.arrows] == ["peers/gossip → peers/gossip TCP 7946"]
        world = after(found, *objects)
        one, other = world.workloads["peers/gossip[Deployment]"].two()
        assert world.judge(one, other, 7946) and not world.judge(one, other, 7947)
    assert {"gossip-allow-members", "gossip-to-members"} <= {
        item["metadata"]["name"] for item in suggest(objects).policies
    }


def test_members_of_which_nothing_is_known_are_said() -> None:
    objects = [
        several("db", 3, "StatefulSet", ports=[5432]),
        headless("db", 5432),
        deployment("web", env={"DB": "db:5432"}),
    ]
    assert "db has several pods, and nothing says that these call each other: they may not." in doubts(suggest(objects))


def test_observed_calls_between_members_count() -> None:
    members = [
        pod(
            f"m-{number}",
            ip=f"10.244.0.{number}",
            labels={"app": "m"},
            ownerReferences=[{"kind": "StatefulSet", "name": "m", "controller": True}],
        )
        for number in (1, 2)
    ]
    ends = [{"kind": "Pod", "namespace": "default", "name": f"m-{number}", "labels": {"app": "m"}} for number in (1, 2)]
    flow = {"source": ends[0], "target": ends[1], "port": 9300, "protocol": "TCP", "verdict": "allowed", "attempts": 1}
    found = suggest([*members, *DNS], [flow], declarations=False)
    assert [str(one) for one in found.arrows] == ["m → m TCP 9300"] and found.proof.exact
    assert after(found, *members).judge("m-1", "m-2", 9300)
    assert found.arrows[0].evidence[0].sentence == "1 flow"
    own = {**flow, "target": ends[0]}
    assert not suggest([members[0], *DNS], [own], declarations=False).arrows, "a pod always reaches itself"


def test_nothing_is_denied_to_a_workload_of_which_nothing_was_found() -> None:
    objects = [WEB, service("web", 80, 8080, kind="LoadBalancer"), pod("quiet"), *DNS]
    found = suggest(objects)
    assert found.left_out == ("default/quiet[Pod]",) and "Nothing was found of what quiet needs" in doubts(found)
    world = after(found, *objects)
    assert not world.isolating(world.pod("quiet"), "ingress") and not world.isolating(world.pod("quiet"), "egress")
    assert world.isolating(world.pod("web"), "ingress") and world.isolating(world.pod("web"), "egress")
    told = suggest(objects, deny_unknown=True)
    assert told.left_out == () and named(told, "default-deny")["spec"]["podSelector"] == {}
    assert not after(told, *objects).judge("quiet", "web", 9090) and told.proof.exact


def test_what_no_label_tells_from_the_unknown_is_left_alone_too() -> None:
    for labels in ({}, {"tier": "x"}):
        objects = [pod("a", labels=labels), pod("b", labels=labels), pod("c", ports=[80])]
        flow = {
            "source": {"kind": "Pod", "namespace": "default", "name": "a"},
            "verdict": "allowed",
            "port": 80,
            "target": {"kind": "Pod", "namespace": "default", "name": "c"},
        }
        found = suggest(objects, [flow], declarations=False)
        world = after(found, *objects)
        assert not world.isolating(world.pod("b"), "egress") and not world.isolating(world.pod("a"), "egress")
        assert found.left_out == ("default/b[Pod]", "default/a[Pod]")
        assert "No label tells a from pods of which nothing is known" in doubts(found)


def test_the_clusters_dns_and_its_namespaces_are_left_alone() -> None:
    objects = [*DNS, pod("proxy", "calico-system"), pod("cm", "cert-manager"), WEB, service("web", 80, kind="NodePort")]
    assert {item["metadata"]["namespace"] for item in suggest(objects).policies} == {"default"}
    found = suggest(objects, namespaces=["kube-system"], deny_unknown=True)
    assert found.policies == (), "the DNS answers everybody"
    assert suggest(objects, namespaces=["cert-manager"], deny_unknown=True).policies[0]["metadata"]["namespace"] == (
        "cert-manager"
    )


def test_dns_where_it_is_another_or_cached_on_each_node() -> None:
    base = [WEB, service("web", 80, 8080, kind="NodePort")]
    other = pod("dns", "kube-system", labels={"k8s-app": "coredns"}, ip="10.244.0.2")
    found = suggest([*base, other])
    assert found.proof.exact and after(found, *base, other).judge("web", "kube-system/dns", 53, "UDP")
    cache = pod("cache", "kube-system", labels={"k8s-app": "node-local-dns"}, host=True, ip="172.20.0.2")
    found = suggest([*base, *DNS, cache])
    world = after(found, *base, *DNS, cache)
    assert found.proof.exact, found.proof
    assert world.judge("web", "169.254.20.10", 53, "UDP") and world.judge("web", "kube-system/coredns-1", 53)
    on_host = pod("dns", "kube-system", labels={"k8s-app": "kube-dns"}, host=True, ip="172.20.0.2")
    assert suggest([*base, on_host]).proof.exact


def test_the_api_server_by_its_address_or_as_any_outside() -> None:
    found = suggest([BOT, binding(), *API])
    assert named(found, "bot-to-192.0.2.6")["spec"]["egress"] == [
        {"to": [{"ipBlock": {"cidr": "192.0.2.6/32"}}], "ports": [{"protocol": "TCP", "port": 6443}]}
    ]
    assert found.proof.exact and not found.proof.unproven
    unknown = suggest([BOT, binding()])
    world = after(unknown, BOT)
    assert unknown.proof.exact and world.judge("bot", "10.0.0.1", 6443) and world.judge("bot", "34.1.2.3", 443)
    assert not world.judge("bot", "34.1.2.3", 80) and "The API server's address isn't in the input" in doubts(unknown)


def test_policies_that_stand_are_named_unless_they_are_written_again() -> None:
    objects = [WEB, service("web", 80, 8080, kind="NodePort"), policy("old", "web", ingress=[{}]), *DNS]
    found = suggest(objects)
    assert found.proof.exact and "1 policy that is there now (default/old) would still allow" in doubts(found)
    again = suggest([*objects[:2], *found.policies, *DNS])
    assert not again.proof.unproven


def test_a_policy_of_another_namespace_that_stops_an_arrow_is_found_by_the_proof() -> None:
    objects = [
        deployment("a", env={"B": "b.y:80"}),
        deployment("b", "y"),
        service("b", 80, space="y"),
        policy("shut", space="y", policyTypes=["Ingress"]),
    ]
    found = suggest(objects, namespaces=["default"])
    assert not found.proof.exact and found.proof.missing == ("default/a[Deployment] => y/b[Deployment] : TCP 80",)
    assert found.proof.sentence == "the matrix lacks 1 and has 0 more"


def test_the_command_says_what_it_found_and_what_it_did_not_prove(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    objects: list[Object] = [WEB, SERVICE, INGRESS, deployment("c", env={"W": "web:80"}), deployment("quiet")]
    status, out, err = run(tmp_path, capsys, objects)
    assert status == 0 and len(list(yaml.safe_load_all(out))) > 4
    assert "found: 2 arrows: 1 by addresses that workloads are given and 1 by exposure to the outside" in err
    assert "not proven: Nothing was found of what quiet needs" in err and "proof: the matrix holds these arrows" in err
    status, out, _ = run(tmp_path, capsys, objects, "-o", "json", "--deny-unknown")
    answer: Any = json.loads(out)
    assert status == 0 and answer["leftOut"] == [] and answer["evidence"] == {"address": 1, "exposure": 1}
    assert answer["arrows"][0]["evidence"][0]["field"] == "env W" and len(answer["proof"]["unproven"]) == 2


def test_the_command_that_finds_nothing_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(tmp_path, capsys, [WEB])
    assert status == 1 and out == "" and "found: no arrow" in err and "proof: nothing is suggested" in err
    assert run(tmp_path, capsys, [WEB], "-n", "default", "--deny-unknown")[0] == 0


@pytest.mark.parametrize(
    ("name", "said"), [("defualt", "did you mean default?"), ("zzz", "they are in default and kube-system")]
)
def test_a_namespace_that_there_is_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, said: str
) -> None:
    status, out, err = run(tmp_path, capsys, [WEB, *DNS], "-n", name)
    assert status == 2 and out == "" and said in err
