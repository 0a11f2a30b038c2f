"""The flow log as the widget shows it: filtered, grouped, one flow opened. Pure values; no widget, no cluster."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from helpers.display.drawing.words import workload_name
from helpers.lab.cluster.looking import end_name
from helpers.policies import NotFound, Pod, Verdict, World, home

Flow = dict[str, Any]

MOST_SHOWN = 200
GROUPS = {"": "no grouping", "pair": "caller and called", "target": "called", "policy": "deciding policy"}
VERDICTS = {"": "every verdict", "allowed": "allowed", "denied": "denied", "refused": "refused"}


@dataclass(frozen=True, slots=True)
class Filter:
    """Which flows are shown, and how. `words` must all occur in a flow's line; DNS is hidden unless asked for."""

    words: str = ""
    verdict: str = ""
    dns: bool = False
    group: str = ""

    def takes(self, flow: Flow) -> bool:
        if (self.verdict and flow.get("verdict") != self.verdict) or (flow.get("dns") and not self.dns):
            return False
        line = text_of(flow).lower()
        return all(word in line for word in self.words.lower().split())


def text_of(flow: Flow) -> str:
    """What a filter's words are looked for in."""
    service = flow["target"].get("service") or ""
    return " ".join(
        (
            end_name(flow["source"]),
            end_name(flow["target"]),
            str(service),
            f"{flow.get('port')}",
            f"{flow.get('protocol')}",
            str(flow.get("verdict")),
            *(flow.get("policies") or []),
        )
    )


@dataclass(frozen=True, slots=True)
class Group:
    """Flows that belong together; the newest is shown."""

    title: str
    flows: tuple[Flow, ...]

    @property
    def attempts(self) -> int:
        return sum(int(flow.get("attempts") or 1) for flow in self.flows)


@dataclass(frozen=True)
class FlowBook:
    """The flows (oldest first), the filter, and the name of the opened flow."""

    flows: tuple[Flow, ...] = ()
    filter: Filter = field(default_factory=Filter)
    opened: str = ""

    def with_flows(self, flows: Iterable[Flow]) -> FlowBook:
        return replace(self, flows=tuple(flows))

    def filtered(self, **values: Any) -> FlowBook:
        return replace(self, filter=replace(self.filter, **values))

    @property
    def chosen(self) -> list[Flow]:
        """The flows that the filter takes, newest first: a flow's time is that of its latest attempt."""
        taken = [flow for flow in self.flows if self.filter.takes(flow)]
        return sorted(taken, key=lambda flow: (str(flow.get("time")), flow["metadata"]["name"]), reverse=True)

    @property
    def groups(self) -> list[Group]:
        """The chosen flows in groups, the one with the newest flow first."""
        found: dict[str, list[Flow]] = {}
        for flow in self.chosen:
            found.setdefault(self._title(flow), []).append(flow)
        return [Group(title, tuple(flows)) for title, flows in found.items()]

    def _title(self, flow: Flow) -> str:
        source, target = workload_name(flow["source"]), workload_name(flow["target"])
        verdict = str(flow.get("verdict"))
        if self.filter.group == "pair":
            return f"{source} → {target} {flow.get('protocol')} {flow.get('port')}: {verdict}"
        if self.filter.group == "target":
            return f"{target}: {verdict}"
        return f"{', '.join(flow.get('policies') or []) or 'no policy'}: {verdict}"

    @property
    def open(self) -> Flow | None:
        return next((flow for flow in self.flows if flow["metadata"]["name"] == self.opened), None)


@dataclass(frozen=True, slots=True)
class Account:
    """Why a flow fared as it did: what the log says, and what the policies of now would say of it."""

    logged: str
    verdict: Verdict | None
    note: str
    source: Pod | str | None = None
    target: Pod | str | None = None

    @property
    def mendable(self) -> bool:
        """Whether a policy could let it through now."""
        return self.verdict is not None and not self.verdict.allowed


def account_of(flow: Flow, world: World) -> Account:
    """Explain a flow; an end that has gone since is looked for among the pods with its labels."""
    logged = home.spoken(str(flow.get("reason") or ""))
    source, target = (_end(flow[side], world) for side in ("source", "target"))
    gone = [end_name(flow[side]) for side, end in (("source", source), ("target", target)) if end is None]
    if gone or source is None or target is None:
        return Account(logged, None, f"{' and '.join(gone)} {'is' if len(gone) == 1 else 'are'} gone since.")
    dialled = flow["target"].get("service")
    translated = any(service.key == dialled and not service.headless for service in world.services)
    protocol = str(flow.get("protocol") or "TCP")
    verdict = world.judge(source, target, int(flow["port"]), protocol, translated=translated)
    was = flow.get("verdict") != "denied"
    note = "" if verdict.allowed == was else "The policies have changed since."
    return Account(logged, verdict, note, source, target)


def _end(end: dict[str, Any], world: World) -> Pod | str | None:
    if end.get("kind") != "Pod":
        return str(end.get("address") or "")
    try:
        found = world.pod(f"{home.namespace_of(end)}/{end['name']}")
    except NotFound:
        return _successor(end, world.pods)
    return found


def _successor(end: dict[str, Any], pods: Sequence[Pod]) -> Pod | None:
    """A pod of the same workload, by the labels that outlive a restart."""
    labels = {name: value for name, value in (end.get("labels") or {}).items() if "hash" not in name}
    if not labels:
        return None
    return next(
        (
            pod
            for pod in pods
            if pod.namespace == home.namespace_of(end)
            and all(pod.labels.get(name) == value for name, value in labels.items())
        ),
        None,
    )
