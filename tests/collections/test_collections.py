"""The course's collections: they allow the shop's seventeen arrows (and DNS) and nothing else.

Proved twice: by the matrix of the engine, and by trying every pair in a running cluster.
"""

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest
from support.cluster import Cluster, cluster
from support.situations import CLUSTER, EGRESS, INGRESS

from helpers.display.tables import matrix
from helpers.policies import World, lint
from helpers.policies.application.need import needs
from helpers.policies.model.addresses import OUTSIDE
from helpers.policies.wording import short

BANK = "203.0.113.10"
ARROWS = needs(World.of(CLUSTER)).of_application
BOTH = [*INGRESS, *EGRESS]

PROBES = """
import json, sys
from helpers import lab
wanted = json.loads(sys.argv[1])
lab.connect()
lab.reset(wanted["policies"], restart=["frontend", "checkoutservice", "recommendationservice", "cartservice",
                                       "loadgenerator", "emailservice"])
answers = {}
for probe in lab.probes([tuple(pair) for pair in wanted["pairs"]], timeout=1.5):
    answers[f"{probe.source} {probe.target}"] = probe.answer
pages = {path: lab.page(path).status for path in ("/", "/product/OLJCESPC7Z", "/cart")}
order = lab.order("proof@example.org")
print(json.dumps({"answers": answers, "pages": pages, "order": order.status, "text": order.text}), file=sys.stderr)
"""


@pytest.mark.parametrize("policies", [INGRESS, BOTH], ids=["ingress", "ingress and egress"])
def test_the_matrix_is_the_architecture(policies: list[dict]) -> None:
    found = matrix(objects=[*CLUSTER, *policies])
    assert found.exact and found.count("needed") == 17


def test_egress_alone_lets_each_pod_call_what_it_needs_and_ask_the_dns() -> None:
    world = World.of([*CLUSTER, *EGRESS])
    dns = world.pod("kube-system/coredns")
    needed = {(arrow.source, arrow.target, arrow.port) for arrow in ARROWS}
    pods = [pod for pod in world.pods if pod.namespace == "default"]
    for pod in pods:
        assert world.judge(pod, dns, 53, "UDP") and world.judge(pod, dns, 53, "TCP")
        assert not world.judge(pod, dns, 9153) and not world.judge(pod, BANK, 443)
        for other in pods:
            for port in {arrow.port for arrow in ARROWS} | {80, 22} if other is not pod else ():
                key = (pod.workload_key, other.workload_key, port)
                assert bool(world.judge(pod, other, port)) == (key in needed), key


def test_the_linter_has_nothing_grave_to_say() -> None:
    assert [str(found) for found in lint([*CLUSTER, *BOTH]) if found.severity == "error"] == []


def test_every_policy_says_one_thing_and_why() -> None:
    names = [policy["metadata"]["name"] for policy in BOTH]
    assert len(set(names)) == len(names) == 17 + 18
    assert all(len(policy["spec"].get(side, [])) <= 1 for policy in BOTH for side in ("ingress", "egress"))


@pytest.fixture(scope="module")
def shop() -> Iterator[Cluster]:
    with cluster(prefix="collections-") as own:
        yield own


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "folders", [["policies/ingress"], ["policies/ingress", "policies/egress"]], ids=["ingress", "ingress and egress"]
)
def test_every_pair_is_tried_in_a_running_cluster(shop: Cluster, folders: list[str]) -> None:
    services = sorted(
        {
            (arrow.target, arrow.service, arrow.service_port)
            for arrow in ARROWS
            if arrow.service != "default/frontend-external"
        }
    )
    names = sorted(
        {short(arrow.source) for arrow in ARROWS if arrow.source != OUTSIDE}
        | {short(target) for target, _, _ in services}
    )
    pairs = [
        (name, f"{service.partition('/')[2]}:{port}")
        for target, service, port in services
        for name in names
        if short(target) != name
    ]
    pairs.append(("adservice", f"{BANK}:443"))
    wanted = json.dumps({"policies": folders, "pairs": pairs})
    done = subprocess.run(
        [sys.executable, "-c", PROBES, wanted], env=shop.environment, text=True, capture_output=True, timeout=240
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stderr.strip().splitlines()[-1])
    needed = {f"{short(arrow.source)} {arrow.service.partition('/')[2]}:{arrow.service_port}" for arrow in ARROWS}
    open_pairs = {pair for pair, answer in found["answers"].items() if answer in ("connected", "refused")}
    out = f"adservice {BANK}:443"
    assert open_pairs - {out} == {pair for pair in needed if pair in found["answers"]}
    assert (out in open_pairs) == ("policies/egress" not in folders)
    assert len(needed & open_pairs) == 16
    assert found["pages"] == {"/": 200, "/product/OLJCESPC7Z": 200, "/cart": 200} and found["order"] == 200
    assert "proof@example.org" in shop.kubectl("logs", "deployment/emailservice")
