"""What a real cluster does that the lab's doesn't: it takes its time, refuses pods, and lets lookups run on."""

import time
from typing import Any

import pytest
from support.scripted import asked, cluster

from helpers import lab
from helpers.lab.cluster import session
from helpers.lab.cluster.api import Cluster
from helpers.lab.shop import endpoints, trouble

PODS, ONE = "/api/v1/namespaces/default/pods", "/api/v1/namespaces/default/pods/a-1-x"
SLICES = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices"
SERVICES = "/api/v1/namespaces/default/services"


def pod(name: str = "a-1-x", address: str = "10.0.0.1", **more: Any) -> dict[str, Any]:
    owner = [{"kind": "ReplicaSet", "name": name.rpartition("-")[0]}]
    status = {"phase": "Running", "podIP": address, "conditions": [{"type": "Ready", "status": "True"}]}
    about = {"name": name, "namespace": "default", "labels": {"app": "a"}, "ownerReferences": owner}
    return {"metadata": {**about, **more}, "status": status}


class Probed:
    """A pod whose ephemeral containers stay in one state."""

    def __init__(self, state: dict[str, Any]) -> None:
        self._state = state
        self.containers: list[dict[str, Any]] = []

    def cluster(self) -> Cluster:
        made = cluster({("GET", PODS): {"items": [pod()]}, ("GET", ONE): pod(), ("GET", SERVICES): {"items": []}})
        transport: Any = made._transport
        answers, request = transport.answers, transport.request

        def follow(method: str, path: str, body: bytes | None, *rest: Any) -> Any:
            if method == "PATCH":
                answers[method, path] = {}
            answer = request(method, path, body, *rest)
            if method == "PATCH":
                self.containers = asked(made)[-1][2]["spec"]["ephemeralContainers"]
                states = [{"name": item["name"], "state": self._state} for item in self.containers]
                answers["GET", ONE] = {**pod(), "status": {**pod()["status"], "ephemeralContainerStatuses": states}}
            return answer

        transport.request = follow
        return made


@pytest.mark.parametrize(("target", "answer"), [("b:80", "unresolved"), ("10.0.0.9:80", "dropped")])
def test_a_probe_is_over_when_its_time_is_up(target: str, answer: str) -> None:
    probed = Probed({"running": {}})
    session.use(probed.cluster())
    began = time.monotonic()
    found = lab.probe("a", target, timeout=0.5)
    assert found.answer == answer and time.monotonic() - began < 0.5 + 2
    session.use(None)


def test_a_probe_may_run_where_pods_are_restricted() -> None:
    """What PodSecurity's level `restricted` asks of a container."""
    probed = Probed({"terminated": {"exitCode": 0}})
    session.use(probed.cluster())
    assert lab.probe("a", "b:80")
    session.use(None)
    context = probed.containers[0]["securityContext"]
    assert context["allowPrivilegeEscalation"] is False and context["capabilities"] == {"drop": ["ALL"]}
    assert context["runAsNonRoot"] is True and context["runAsUser"] > 0
    assert context["seccompProfile"] == {"type": "RuntimeDefault"}


def slices(*addresses: str, ready: bool = True) -> dict[str, Any]:
    ends = [{"addresses": [address], "conditions": {"ready": ready}} for address in addresses]
    return {"metadata": {"name": "a-x", "labels": {"kubernetes.io/service-name": "a"}}, "endpoints": ends}


@pytest.mark.parametrize(
    ("pods", "ends", "moved"),
    [
        ([pod()], [slices("10.0.0.1")], True),
        ([pod()], [slices()], False),
        ([pod()], [slices("10.0.0.7")], False),
        ([pod()], [slices("10.0.0.1"), slices("10.0.0.7")], False),
        ([pod()], [slices("10.0.0.1"), slices("10.0.0.7", ready=False)], True),
        ([pod(), pod("a-2-y", "10.0.0.7", deletionTimestamp="now")], [slices("10.0.0.1", "10.0.0.7")], False),
        ([pod(), pod("a-1-y", "10.0.0.2")], [slices("10.0.0.1"), slices("10.0.0.2")], True),
    ],
)
def test_when_services_have_turned_to_the_new_pods(pods: list[Any], ends: list[Any], moved: bool) -> None:
    services = [
        {"metadata": {"name": "a"}, "spec": {"selector": {"app": "a"}}},
        {"metadata": {"name": "b"}, "spec": {}},
    ]
    own = cluster(
        {("GET", PODS): {"items": pods}, ("GET", SLICES): {"items": ends}, ("GET", SERVICES): {"items": services}}
    )
    assert endpoints.moved(own, ["a"]) is moved


NOWHERE = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/1 nodes"}
QUOTA = 'pods "a-1-" is forbidden: exceeded quota: small, requested: pods=1, used: pods=3, limited: pods=3'


@pytest.mark.parametrize(
    ("conditions", "status", "said"),
    [
        ([{"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": QUOTA}], {}, QUOTA),
        ([], {"conditions": [NOWHERE]}, "Unschedulable 0/1 nodes"),
        ([], {"containerStatuses": [{"state": {"waiting": {"reason": "ImagePullBackOff"}}}]}, "ImagePullBackOff"),
        ([], {}, "not Ready"),
    ],
)  # fmt: skip
def test_why_a_rollout_is_stuck(conditions: list[Any], status: dict[str, Any], said: str) -> None:
    deployment = {"metadata": {"name": "a"}, "status": {"conditions": conditions}}
    pods = [{**pod(), "status": status}] if status else []
    own = cluster(
        {
            ("GET", "/apis/apps/v1/namespaces/default/deployments"): {"items": [deployment]},
            ("GET", PODS): {"items": pods},
        }
    )
    assert f"{said}. Look at: kubectl describe pod -l app=a" in trouble.stuck(own, ["a"], "", 9)
