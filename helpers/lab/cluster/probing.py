"""Try connections from inside a pod's own network: an ephemeral container runs `agnhost connect` there.

Labels, Services and the pod's own containers stay as they are, on any cluster.
"""

import html
import secrets
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from helpers.lab import tones
from helpers.lab.bar import Bar, interruptible
from helpers.lab.cluster import outside, reasons, session
from helpers.lab.cluster.api import STRATEGIC, Cluster, Object
from helpers.lab.errors import ClusterError, LabError, NotFound, Unfinished, did_you_mean
from helpers.lab.shop.workloads import workload_of
from helpers.policies.model.addresses import is_address

IMAGE = "registry.k8s.io/e2e-test-images/agnhost:2.53"
PREFIX = "lab-probe-"
OVERDUE = "Overdue"
TIMEOUT = 2.0
"""Seconds after which a connection attempt counts as dropped."""

SLACK = 1.0
"""Seconds beyond its time-out that a probe which runs may take: to start, and to be seen to end."""

HARMLESS = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "runAsNonRoot": True,
    "runAsUser": 65532,
    "seccompProfile": {"type": "RuntimeDefault"},
}
"""The security context that even namespaces with PodSecurity's level `restricted` let in."""

BATCH = 24
"""So many connections are tried at once: each is a process for as long as it takes."""

# agnhost's own words on stderr → what they mean.
_ANSWERS = (("TIMEOUT", "dropped"), ("REFUSED", "refused"), ("DNS", "unresolved"))
_MEANINGS = {
    "connected": "connected",
    "dropped": "no answer within {timeout:g} s: dropped, as a policy does",
    "refused": "refused: {detail}",
    "unresolved": "{detail}",
    "failed": "failed: {detail}",
}


@dataclass(frozen=True)
class Probe:
    """One attempt from a pod. `answer` is "connected", "dropped", "refused", "unresolved" or "failed".

    `seconds` is how long it took to find out.
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
        return f"{self.source} → {self.target}: " + _MEANINGS[self.answer].format(
            timeout=self.timeout, detail=self.detail
        )

    def __bool__(self) -> bool:
        return self.allowed

    def __repr__(self) -> str:
        return self.sentence

    def _repr_html_(self) -> str:
        mark = "✓" if self.allowed else "✗"
        return (
            f'<div data-answer="{self.answer}"><strong style="color:{tones.verdict(self.allowed)}">{mark}</strong> '
            f"{html.escape(self.sentence)}</div>"
        )


def probe(source: str, target: str, *, timeout: float = TIMEOUT, protocol: str = "tcp") -> Probe:
    """Try a connection from a pod or workload (`source`, or `namespace/source`) to `target`, "host:port".

    The host may be a Service's name or an address. `timeout` in seconds, for lookup and connection together. From
    "outside" the attempt comes from this machine, and `target` is a Service that is open to the outside.
    Over UDP the attempt is a message, and "connected" means that something came back.
    Raises LabError if there is no such pod.
    """
    with interruptible(f"lab.probe({source!r}, {target!r})"):
        if source == outside.NAME:
            return _from_outside(target, timeout)
        return _try([(source, target)], timeout, protocol)[0]


def _from_outside(target: str, timeout: float) -> Probe:
    began = time.monotonic()
    answer, detail = outside.attempt(session.current(), target, timeout)
    detail = detail or (reasons.NOBODY_LISTENS if answer == "refused" else "")
    return Probe(outside.NAME, target, answer, time.monotonic() - began, timeout, detail)


def probes(pairs: Iterable[tuple[str, str]], *, timeout: float = TIMEOUT, protocol: str = "tcp") -> list[Probe]:
    """Try many connections, a batch of them at once; pairs are (source, "host:port"), answers in their order."""
    wanted = list(dict.fromkeys(pairs))
    found: list[Probe] = []
    with Bar("Probing", len(wanted), unit="connections") as bar:
        for start in range(0, len(wanted), BATCH):
            batch = wanted[start : start + BATCH]
            bar.update(len(found), f"from {', '.join(sorted({source for source, _ in batch}))}")
            found += _try(batch, timeout, protocol)
    return found


def _try(pairs: Sequence[tuple[str, str]], timeout: float, protocol: str) -> list[Probe]:
    """Start one ephemeral container a pair, then wait for all of them."""
    cluster = session.current()
    pods = {source: pod_of(cluster, source) for source, _ in pairs}
    for _, target in pairs:
        _check(target)
    run, began = secrets.token_hex(3), time.monotonic()
    names = [f"{PREFIX}{run}-{number}" for number in range(len(pairs))]
    for source, pod in pods.items():
        _start(
            cluster,
            source,
            pod,
            [
                _container(name, target, timeout, protocol)
                for name, (other, target) in zip(names, pairs, strict=True)
                if other == source
            ],
        )
    found: dict[str, Probe] = {}
    for source, pod in pods.items():
        mine = {name: target for name, (other, target) in zip(names, pairs, strict=True) if other == source}
        for name, state in _finished(cluster, pod["metadata"], set(mine), timeout).items():
            found[name] = _read(cluster, pod, (source, mine[name], name), state, time.monotonic() - began, timeout)
    return [found[name] for name in names]


def _start(cluster: Cluster, source: str, pod: Object, containers: list[Object]) -> None:
    about = pod["metadata"]
    try:
        cluster.patch(
            "pods",
            about["name"],
            {"spec": {"ephemeralContainers": containers}},
            about["namespace"],
            kind=STRATEGIC,
            subresource="ephemeralcontainers",
        )
    except NotFound:
        raise LabError(f"The pod {about['name']} went away just now. Run the cell again.") from None
    except ClusterError as error:
        raise LabError(f"The probe could not be put beside {source}: {error}") from None


def pod_of(cluster: Cluster, source: str) -> Object:
    """A running pod by its name, its workload's or its `app` label; `namespace/name` for another namespace."""
    namespace, _, name = source.rpartition("/")
    pods = [
        pod
        for pod in cluster.list("pods", namespace or cluster.namespace)
        if (pod.get("status") or {}).get("phase") == "Running" and not pod["metadata"].get("deletionTimestamp")
    ]
    for match in (
        lambda pod: pod["metadata"]["name"],
        workload_of,
        lambda pod: (pod["metadata"].get("labels") or {}).get("app"),
    ):
        for pod in pods:
            if match(pod) == name:
                return pod
    known = sorted({workload_of(pod) for pod in pods})
    where = namespace or cluster.namespace
    raise LabError(
        f"No pod of {name!r} runs in the namespace {where}."
        f"{did_you_mean(name, known) or ' There is ' + (', '.join(known) or 'no pod at all') + '.'}"
    )


def _container(name: str, target: str, timeout: float, protocol: str) -> Object:
    command = ["connect", target, f"--timeout={round(timeout * 1000)}ms", f"--protocol={protocol}"]
    return {
        "name": name,
        "image": IMAGE,
        "args": command,
        "imagePullPolicy": "IfNotPresent",
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "securityContext": HARMLESS,
    }


def _finished(cluster: Cluster, about: Object, names: set[str], timeout: float) -> dict[str, Object]:
    """Wait until these ephemeral containers of a pod have ended, or run for too long; their states by name.

    A lookup that gets no answer goes on for long after its time: four names to try, ten seconds each. It is left alone.
    """
    deadline = time.monotonic() + timeout + 60  # a real cluster pulls the image at the first probe
    running: dict[str, float] = {}
    pause = 0.02
    while True:
        try:
            status = cluster.get("pods", about["name"], about["namespace"]).get("status") or {}
        except NotFound:
            raise LabError(f"The pod {about['name']} went away during the probe. Run the cell again.") from None
        states = {item["name"]: item.get("state") or {} for item in status.get("ephemeralContainerStatuses") or []}
        ended = {name: states[name]["terminated"] for name in names if "terminated" in states.get(name, {})}
        for name in names - ended.keys():
            if "running" in states.get(name, {}):
                began = running.setdefault(name, time.monotonic())
                if time.monotonic() > began + timeout + SLACK:
                    ended[name] = {"reason": OVERDUE}
        if len(ended) == len(names):
            return ended
        if time.monotonic() > deadline:
            raise Unfinished(_stuck(about["name"], {name: states.get(name, {}) for name in names - ended.keys()}))
        time.sleep(pause)
        pause = min(pause * 1.4, 0.4)


def _stuck(pod: str, states: Mapping[str, Object]) -> str:
    waiting: dict[str, Any] = next(iter(states.values()), {}).get("waiting") or {}
    why = " ".join(filter(None, (waiting.get("reason"), waiting.get("message")))) or "it never ended"
    return f"The probe beside {pod} gave no answer: {why}. Look at: kubectl describe pod {pod}"


def _read(
    cluster: Cluster, pod: Object, asked: tuple[str, str, str], state: Object, seconds: float, timeout: float
) -> Probe:
    """One ended container as an answer; `asked` is source, target and the container's name."""
    source, target, container = asked
    if state.get("reason") == OVERDUE:
        host = target.rpartition(":")[0].strip("[]")
        answer = "dropped" if is_address(host) else "unresolved"
        return Probe(source, target, answer, seconds, timeout, reasons.NO_DNS)
    if state.get("exitCode") == 0:
        return Probe(source, target, "connected", seconds, timeout)
    said = str(state.get("message") or "").strip() or _log(cluster, pod, container)
    for mark, answer in _ANSWERS:
        if said.upper().startswith(mark):
            explain = {"unresolved": reasons.unresolved, "refused": reasons.refused}.get(answer)
            detail = explain(cluster, pod["metadata"]["namespace"], target) if explain else said
            return Probe(source, target, answer, seconds, timeout, detail)
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
        raise LabError(
            f"{target!r} is no target: give a name or address and a port, such as "
            'lab.probe("frontend", "shippingservice:50051").'
        )
