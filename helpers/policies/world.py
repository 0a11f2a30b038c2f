"""A snapshot of pods, namespaces, Services and policies, and the questions that can be asked of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from operator import attrgetter
from typing import Any, TypeVar

from helpers.policies.judging.connection import End, judge
from helpers.policies.judging.explaining import explain
from helpers.policies.judging.leading import NoRoute, leads
from helpers.policies.judging.verdicts import Verdict
from helpers.policies.matrix.kept import Kept
from helpers.policies.matrix.matrix import Matrix
from helpers.policies.model import Namespaces, Pod, Policy, Service, Workload
from helpers.policies.model.workloads import workloads
from helpers.policies.names import Names
from helpers.policies.reading.gathering import Gathered, Problem, gather, read_policy
from helpers.policies.reading.unread import Unread, tally
from helpers.policies.wording import plural

Answer = TypeVar("Answer")

_MOST_VERDICTS = 10_000
"""How many verdicts a world remembers: callers call the same targets again and again."""


@dataclass(frozen=True, eq=False, repr=False)
class World:
    """An immutable snapshot; `World.of(objects)` makes one, every other method asks it.

    `problems` lists the objects that could not be read or that the API server would reject; they don't count.
    `unread` names by kind what the input holds beyond what is judged: policies of other engines, pods that an operator
    will make, kinds that don't exist.
    """

    pods: tuple[Pod, ...]
    namespaces: Mapping[str, Mapping[str, str]]
    policies: tuple[Policy, ...]
    services: tuple[Service, ...] = ()
    ended: tuple[Pod, ...] = ()
    problems: tuple[Problem, ...] = ()
    objects: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)
    unread: tuple[Unread, ...] = ()

    @classmethod
    def of(cls, objects: Iterable[Mapping[str, Any]]) -> World:
        """A world from Kubernetes objects, live or from manifests, in any order; Lists are opened."""
        found = gather(objects)
        return cls(
            tuple(found.pods),
            found.namespaces,
            tuple(found.policies),
            tuple(found.services.values()),
            tuple(found.ended),
            tuple(found.problems),
            tuple(found.objects),
            tally(found.unread),
        )

    def __repr__(self) -> str:
        return (
            f"<World of {plural(len(self.pods), 'pod')} in {plural(len(self.namespaces), 'namespace')} under "
            f"{plural(len(self.policies), 'policy', 'policies')}>"
        )

    def replace_policies(self, policies: Iterable[Mapping[str, Any]]) -> World:
        """The same pods under other policies (objects); cheap: those that this world has already are not read again.

        Objects given before must not have been changed in place since.
        """
        found = Gathered(dict(self.namespaces))
        known = {id(policy.source): policy for policy in self.policies}
        for item in policies:
            policy = known.get(id(item))
            if policy is not None and policy.source is item:
                found.policies.append(policy)
            else:
                read_policy(item, found)
        return self._under(found.policies, found.namespaces, found.problems)

    def with_policies(self, policies: Iterable[Policy]) -> World:
        """The same pods under other policies, already parsed."""
        return self._under(policies, self.namespaces)

    def _under(self, policies: Iterable[Policy], namespaces: Namespaces, problems: Iterable[Problem] = ()) -> World:
        """A world of the same pods, which goes on with what this one has worked out about them."""
        other = replace(self, policies=tuple(policies), namespaces=namespaces, problems=tuple(problems))
        other.__dict__.update(_kept=self._kept)
        return other

    def once(self, question: Callable[[World], Answer]) -> Answer:
        """The answer to a question about pods, Services and other objects, but not policies: it is asked once for all
        worlds that `replace_policies` makes."""
        known: dict[Callable[[World], Answer], Answer] = self._kept.answers
        if question not in known:
            known[question] = question(self)
        return known[question]

    @cached_property
    def _kept(self) -> Kept:
        return Kept(self.pods, self.namespaces)

    def judge(
        self, source: Pod | str, target: Pod | str, port: int, protocol: str = "TCP", *, translated: bool = False
    ) -> Verdict:
        """Whether a new connection from `source` to the pod port `port` of `target` is allowed, and why.

        An end is a Pod, a name as `pod` takes it, or an IP address; an address that no pod has is outside.
        `translated` says that a Service's address was dialled, which counts for a pod that so reaches itself.
        """
        known, key = self._verdicts, (source, target, port, protocol, translated)
        found = known.get(key)
        if found is None:
            if len(known) >= _MOST_VERDICTS:
                known.clear()
            one, other = self._names.pair(source, target)
            found = known[key] = judge(
                one, other, port, protocol, self.namespaces, self.isolating, translated=translated
            )
        return found

    @cached_property
    def _verdicts(self) -> dict[tuple[Pod | str, Pod | str, int, str, bool], Verdict]:
        return {}

    def explain(
        self, source: Pod | str, target: Pod | str, port: int, protocol: str = "TCP", service: str | None = None
    ) -> Verdict:
        """Like `judge`, with the nearest miss of each policy that stands in the way, and notes.

        With `service` ("ns/name") the port is the Service's and is translated. A target may also be a Service itself
        (its name, or its address): then the verdict is one of those in `explain_service`, a denied one if there is
        one. Raises NotFound, and NoRoute when the Service doesn't lead there.
        """
        if service is not None:
            through = self.service(service)
            wanted = self.end(target)
            found = [lead for lead in leads(self, through, port, protocol) if self.end(lead.target).text == wanted.text]
            if not found:
                raise NoRoute(f"Service {through.key} doesn't select {wanted.text}, so nothing leads from it there")
            return self._explain(source, target, found[0].port, protocol, through)
        meant = self._names.service_meant(target) if isinstance(target, str) else None
        if meant is None:
            return self._explain(source, target, port, protocol)
        verdicts = self.explain_service(source, meant.key, port, protocol)
        denied = [verdict for verdict in verdicts if not verdict]
        if not denied or len(denied) == len(verdicts):
            return verdicts[0]
        return denied[0].noting(
            f"{len(verdicts) - len(denied)} of the {len(verdicts)} ends behind Service {meant.key} "
            "may be reached: a call fails or not by whose turn it is"
        )

    def explain_service(self, source: Pod | str, service: str, port: int, protocol: str = "TCP") -> list[Verdict]:
        """The verdicts for everything that a Service ("ns/name") leads to, one for each workload or address.

        Raises NotFound, and NoRoute when it leads nowhere on that port, or nobody knows where.
        """
        chosen = self.service(service)
        found = {
            lead.target.workload_key if isinstance(lead.target, Pod) else lead.target: lead
            for lead in reversed(leads(self, chosen, port, protocol))
        }
        return [self._explain(source, lead.target, lead.port, protocol, chosen) for lead in reversed(found.values())]

    def _explain(
        self, source: Pod | str, target: Pod | str, port: int, protocol: str, service: Service | None = None
    ) -> Verdict:
        one, other = self._names.pair(source, target)
        return explain(self, one, other, port, protocol, service)

    @cached_property
    def workloads(self) -> Mapping[str, Workload]:
        """The workloads by key, "ns/name[Kind]", in the order of their first pods."""
        return workloads(self.pods)

    @cached_property
    def _names(self) -> Names:
        return Names(self.pods, self.ended, self.services, self.workloads)

    def matrix(self, by: str = "workload", families: frozenset[int] = frozenset()) -> Matrix:
        """Everything that may reach everything, listed by "workload" or by "pod"; it is built once.

        `families` (4, 6) are the address families to judge besides those that pods and policies mention.
        """
        found = self._matrices.get((by, families))
        if found is None:
            first = next((matrix for (_, theirs), matrix in self._matrices.items() if theirs == families), None)
            found = self._matrices[by, families] = (first or Matrix(self._kept, self.policies, families)).listed(by)
        return found

    @cached_property
    def _matrices(self) -> dict[tuple[str, frozenset[int]], Matrix]:
        return {}

    def isolating(self, pod: Pod, direction: str) -> tuple[Policy, ...]:
        """The policies that select this pod for "ingress" or "egress", in the order in which they are asked."""
        known = self._isolating
        found = known.get((pod, direction))
        if found is None:
            found = known[pod, direction] = tuple(
                policy
                for policy in self._policies_in(pod.namespace)
                if policy.rules(direction) is not None and policy.selects(pod, self.namespaces)
            )
        return found

    @cached_property
    def _isolating(self) -> dict[tuple[Pod, str], tuple[Policy, ...]]:
        return {}

    def end(self, end: Pod | str) -> End:
        """A Pod, a name, an address, or another end that `names` knows as one end of a connection."""
        return self._names.end(end)

    def pod(self, name: str) -> Pod:
        """The pod called `ns/name` or `name` (here), or the first pod of the workload of that name.

        Raises NotFound, which names near matches.
        """
        return self._names.pod(name)

    def service(self, name: str) -> Service:
        """The Service called `ns/name` or `name` (here); raises NotFound."""
        return self._names.service(name)

    def _policies_in(self, namespace: str) -> Sequence[Policy]:
        """The policies of a namespace and of the whole cluster, in the order in which they are asked."""
        own, everywhere = self._ranked.get(namespace, []), self._ranked.get(None, [])
        return sorted([*own, *everywhere], key=attrgetter("rank")) if everywhere else own

    @cached_property
    def _ranked(self) -> dict[str | None, list[Policy]]:
        found: dict[str | None, list[Policy]] = {}
        for policy in sorted(self.policies, key=attrgetter("rank")):
            found.setdefault(policy.namespace, []).append(policy)
        return found
