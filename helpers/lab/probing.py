"""Try connections from inside a pod's own network: an ephemeral container runs `agnhost connect` there.

Labels, Services and the pod's own containers stay as they are, on any cluster.
"""

import html
import secrets
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from helpers.lab import session
from helpers.lab.bar import Bar, interruptible
from helpers.lab.cluster import STRATEGIC, Cluster, Object
from helpers.lab.errors import ClusterError, LabError, NotFound, Unfinished, did_you_mean
from helpers.lab.rollout import workload_of

IMAGE = "registry.k8s.io/e2e-test-images/agnhost:2.53"
PREFIX = "lab-probe-"
TIMEOUT = 2.0
"""Seconds after which a connection attempt counts as dropped."""

# agnhost's own words on stderr → what they mean.
_ANSWERS = (("TIMEOUT", "dropped"), ("REFUSED", "refused"), ("DNS", "unresolved"))
_MEANINGS = {
    "connected": "connected",
    "dropped": "no answer within {timeout:g} s: dropped, as a policy does",
    "refused": "refused: reached the pod, and nothing listens there",
    "unresolved": "the name could not be looked up: does the pod reach the cluster's DNS?",
    "failed": "failed: {detail}",
}


@dataclass(frozen=True)
class Probe:
    """One attempt from a pod. `answer` is "connected", "dropped", "refused", "unresolved" or "failed".

    `seconds` is how long the attempt took inside the pod.
    """

    source: str
    target: str
    answer: str
    seconds: float
    timeout: float = TIMEOUT
    detail: str = ""

    @property
    def allowed(self) -> bool:
        """True if the connection stood. A refused one also passed all policies, but reached nobody."""
        return self.answer == "connected"

    @property
    def sentence(self) -> str:
        return f"{self.source} → {self.target}: " + _MEANINGS[self.answer].format(timeout=self.timeout,
                                                                                  detail=self.detail)

    def __bool__(self) -> bool:
        return self.allowed

    def __repr__(self) -> str:
        return self.sentence

    def _repr_html_(self) -> str:
        colour, mark = ("#1a7f37", "✓") if self.allowed else ("#c62828", "✗")
        return (f'<div data-answer="{self.answer}"><strong style="color:{colour}">{mark}</strong> '
                f"{html.escape(self.sentence)}</div>")


def probe(source: str, target: str, *, timeout: float = TIMEOUT, protocol: str = "tcp") -> Probe:
    """Try a connection from a pod or workload (`source`, or `namespace/source`) to `target`, "host:port".

    The host may be a Service's name or an address. `timeout` in seconds. Raises LabError if there is no such pod.
    """
    with interruptible(f"lab.probe({source!r}, {target!r})"):
        return _ask(session.current(), source, [target], timeout, protocol)[0]


def probes(pairs: Iterable[tuple[str, str]], *, timeout: float = TIMEOUT, protocol: str = "tcp") -> list[Probe]:
    """Try many connections, all of one pod's at once; pairs are (source, "host:port"), answers in their order."""
    wanted = list(pairs)
    by_source: dict[str, list[str]] = {}
    for source, target in wanted:
        by_source.setdefault(source, []).append(target)
    found: dict[tuple[str, str], Probe] = {}
    cluster = session.current()
    with Bar("Probing", len(wanted), unit="connections") as bar:
        for source, targets in by_source.items():
            bar.update(len(found), f"from {source}")
            for answer in _ask(cluster, source, list(dict.fromkeys(targets)), timeout, protocol):
                found[source, answer.target] = answer
    return [found[pair] for pair in wanted]


def _ask(cluster: Cluster, source: str, targets: list[str], timeout: float, protocol: str) -> list[Probe]:
    for target in targets:
        _check(target)
    pod = pod_of(cluster, source)
    run = secrets.token_hex(3)
    containers = {f"{PREFIX}{run}-{number}": _container(f"{PREFIX}{run}-{number}", target, timeout, protocol)
                  for number, target in enumerate(targets)}
    name, namespace = pod["metadata"]["name"], pod["metadata"]["namespace"]
    try:
        cluster.patch("pods", name, {"spec": {"ephemeralContainers": list(containers.values())}}, namespace,
                      kind=STRATEGIC, subresource="ephemeralcontainers")
    except NotFound:
        raise LabError(f"The pod {name} went away just now. Run the cell again.") from None
    except ClusterError as error:
        raise LabError(f"The probe could not be put beside {source}: {error}") from None
    states = _finished(cluster, name, namespace, set(containers), timeout)
    return [_read(cluster, pod, source, target, container, states[container], timeout)
            for container, target in zip(containers, targets, strict=True)]


def pod_of(cluster: Cluster, source: str) -> Object:
    """A running pod by its name, its workload's or its `app` label; `namespace/name` for another namespace."""
    namespace, _, name = source.rpartition("/")
    pods = [pod for pod in cluster.list("pods", namespace or cluster.namespace)
            if (pod.get("status") or {}).get("phase") == "Running" and not pod["metadata"].get("deletionTimestamp")]
    for match in (lambda pod: pod["metadata"]["name"], workload_of,
                  lambda pod: (pod["metadata"].get("labels") or {}).get("app")):
        for pod in pods:
            if match(pod) == name:
                return pod
    known = sorted({workload_of(pod) for pod in pods})
    where = namespace or cluster.namespace
    raise LabError(f"No pod of {name!r} runs in the namespace {where}."
                   f"{did_you_mean(name, known) or ' There is ' + (', '.join(known) or 'no pod at all') + '.'}")


def _container(name: str, target: str, timeout: float, protocol: str) -> Object:
    command = ["connect", target, f"--timeout={round(timeout * 1000)}ms", f"--protocol={protocol}"]
    return {"name": name, "image": IMAGE, "args": command, "imagePullPolicy": "IfNotPresent",
            "terminationMessagePolicy": "FallbackToLogsOnError"}


def _finished(cluster: Cluster, pod: str, namespace: str, names: set[str], timeout: float) -> dict[str, Object]:
    """Wait until these ephemeral containers have ended; their states by name."""
    deadline = time.monotonic() + timeout + 60  # a real cluster pulls the image at the first probe
    pause = 0.02
    while True:
        try:
            status = cluster.get("pods", pod, namespace).get("status") or {}
        except NotFound:
            raise LabError(f"The pod {pod} went away during the probe. Run the cell again.") from None
        states = {item["name"]: item.get("state") or {} for item in status.get("ephemeralContainerStatuses") or []}
        ended = {name: states[name]["terminated"] for name in names if "terminated" in states.get(name, {})}
        if len(ended) == len(names):
            return ended
        if time.monotonic() > deadline:
            raise Unfinished(_stuck(pod, {name: states.get(name, {}) for name in names - ended.keys()}))
        time.sleep(pause)
        pause = min(pause * 1.4, 0.4)


def _stuck(pod: str, states: Mapping[str, Object]) -> str:
    waiting: dict[str, Any] = next(iter(states.values()), {}).get("waiting") or {}
    why = " ".join(filter(None, (waiting.get("reason"), waiting.get("message")))) or "it never ended"
    return f"The probe beside {pod} gave no answer: {why}. Look at: kubectl describe pod {pod}"


def _read(cluster: Cluster, pod: Object, source: str, target: str, container: str, state: Object,
          timeout: float) -> Probe:
    seconds = _between(state.get("startedAt"), state.get("finishedAt"))
    if state.get("exitCode") == 0:
        return Probe(source, target, "connected", seconds, timeout)
    said = str(state.get("message") or "").strip() or _log(cluster, pod, container)
    for mark, answer in _ANSWERS:
        if said.upper().startswith(mark):
            return Probe(source, target, answer, seconds, timeout, said)
    return Probe(source, target, "failed", seconds, timeout, said or str(state.get("reason") or "no reason given"))


def _log(cluster: Cluster, pod: Object, container: str) -> str:
    metadata = pod["metadata"]
    path = f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}/log"
    try:
        return cluster.text(path, {"container": container, "tailLines": "5"}).strip()
    except ClusterError:
        return ""


def _check(target: str) -> None:
    host, _, port = target.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise LabError(f"{target!r} is no target: give a name or address and a port, such as "
                       "lab.probe(\"frontend\", \"shippingservice:50051\").")


def _between(started: str | None, finished: str | None) -> float:
    """Seconds between two RFC 3339 times; 0 if one is missing."""
    if not started or not finished:
        return 0.0
    return (datetime.fromisoformat(finished.replace("Z", "+00:00"))
            - datetime.fromisoformat(started.replace("Z", "+00:00"))).total_seconds()
