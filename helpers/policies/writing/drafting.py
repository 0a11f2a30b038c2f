"""Policies written from arrows: selectors, names, rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from helpers.policies.application.arrows import Arrow
from helpers.policies.model import NAMESPACE_NAME_LABEL, Pod
from helpers.policies.model.addresses import OUTSIDE, format_address, parse_address
from helpers.policies.model.naming import TELLING, lasting_labels
from helpers.policies.wording import short

if TYPE_CHECKING:
    from helpers.policies.world import World

Json = dict[str, Any]
_DNS_LABELS = {"k8s-app": "kube-dns"}
_PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")


class Draft:
    """The arrows of some namespaces, ready to be written as policies in either style."""

    def __init__(self, world: World, arrows: Sequence[Arrow], namespaces: Sequence[str], *, ingress: bool, egress: bool,
                 dns: bool) -> None:
        self.world, self.namespaces = world, tuple(namespaces)
        self.ingress, self.egress, self.dns = ingress, egress, dns and egress
        self.notes: list[str] = []
        self.units: dict[str, list[Pod]] = {}
        for pod in world.pods:
            self.units.setdefault(pod.workload_key, []).append(pod)
        self.covered = {key: pods for key, pods in self.units.items()
                        if pods[0].namespace in self.namespaces and not pods[0].host_network}
        self.arrows = [arrow for arrow in arrows if arrow.source in self.covered or arrow.target in self.covered]
        self._labelled = self._by_label()
        self._selectors = {key: self._selector(key) for key in self.units}
        self._pairs = self._arrows_by_pair()
        self._names: set[tuple[str, str]] = set()
        self._note_host_pods()

    def _note_host_pods(self) -> None:
        for key, pods in self.units.items():
            if pods[0].host_network and pods[0].namespace in self.namespaces:
                self.notes.append(f"{short(key)} uses its node's network, so no policy can hold it.")

    def by_arrow(self) -> list[Json]:
        """One policy an arrow, over a default deny in each namespace."""
        policies = [self._policy(namespace, "default-deny", {}, [] if self.ingress else None,
                                 [] if self.egress else None) for namespace in self.namespaces if self._any(namespace)]
        if self.dns:
            policies += [self._policy(namespace, "allow-dns", {}, None, [self.dns_rule()])
                         for namespace in self.namespaces if self._any(namespace)]
        for (source, target), arrows in self._pairs.items():
            if self.ingress and target in self.covered:
                pod = self.units[target][0]
                name = f"{self._short(target)}-allow-{self._caller(source, pod.namespace)}"
                policies.append(self._policy(pod.namespace, name, self._selectors[target],
                                             [self._rule("from", source, arrows, pod.namespace)], None))
            if self.egress and source in self.covered:
                pod = self.units[source][0]
                name = f"{self._short(source)}-to-{self._caller(target, pod.namespace)}"
                policies.append(self._policy(pod.namespace, name, self._selectors[source], None,
                                             [self._rule("to", target, arrows, pod.namespace)]))
        return policies

    def by_workload(self) -> list[Json]:
        """One policy a workload, which denies all but its arrows."""
        incoming: dict[str, list[Json]] = {key: [] for key in self.covered}
        outgoing: dict[str, list[Json]] = {key: [] for key in self.covered}
        for (source, target), arrows in self._pairs.items():
            if target in incoming:
                incoming[target].append(self._rule("from", source, arrows, self.units[target][0].namespace))
            if source in outgoing:
                outgoing[source].append(self._rule("to", target, arrows, self.units[source][0].namespace))
        dns = [self.dns_rule()] if self.dns else []
        return [self._policy(pods[0].namespace, pods[0].workload.partition("/")[2], self._selectors[key],
                             incoming[key] if self.ingress else None, outgoing[key] + dns if self.egress else None)
                for key, pods in self.covered.items()]

    def _any(self, namespace: str) -> bool:
        return any(pods[0].namespace == namespace for pods in self.covered.values())

    def _arrows_by_pair(self) -> dict[tuple[str, str], list[Arrow]]:
        found: dict[tuple[str, str], list[Arrow]] = {}
        for arrow in self.arrows:
            found.setdefault((arrow.source, arrow.target), []).append(arrow)
        return found

    def _policy(self, namespace: str, name: str, labels: Mapping[str, str], ingress: list[Json] | None,
                egress: list[Json] | None) -> Json:
        types = [kind for kind, rules in (("Ingress", ingress), ("Egress", egress)) if rules is not None]
        spec: Json = {"podSelector": {"matchLabels": dict(labels)} if labels else {}, "policyTypes": types}
        spec |= {"ingress": ingress} if ingress else {}
        spec |= {"egress": egress} if egress else {}
        return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
                "metadata": {"name": self._unique(namespace, name), "namespace": namespace}, "spec": spec}

    def _unique(self, namespace: str, name: str) -> str:
        base, count = name[:240], 2
        name = base
        while (namespace, name) in self._names:
            name, count = f"{base}-{count}", count + 1
        self._names.add((namespace, name))
        return name

    def _short(self, key: str) -> str:
        """A workload's name without the word service: shippingservice is `shipping`."""
        name = self.units[key][0].workload.partition("/")[2].lower()
        for ending in ("-service", "service", "-svc"):
            if name.endswith(ending) and len(name) > len(ending):
                return name.removesuffix(ending)
        return name

    def _caller(self, key: str, namespace: str) -> str:
        """The other end's short name; with its namespace when that is another."""
        if key not in self.units:
            return "outside" if key == OUTSIDE else key.replace(":", "-").strip("-")
        pod = self.units[key][0]
        return self._short(key) if pod.namespace == namespace else f"{pod.namespace}-{self._short(key)}"

    def _rule(self, side: str, other: str, arrows: Sequence[Arrow], namespace: str) -> Json:
        ports = sorted({(arrow.protocol, arrow.port) for arrow in arrows}, key=lambda port: (port[1], port[0]))
        return {side: list(self._peers(other, namespace)),
                "ports": [{"protocol": protocol, "port": port} for protocol, port in ports]}

    def _peers(self, key: str, namespace: str) -> Iterator[Json]:
        if key in self.units:
            pod = self.units[key][0]
            peer: Json = {"podSelector": {"matchLabels": dict(self._selectors[key])} if self._selectors[key] else {}}
            if pod.host_network:
                yield from ({"ipBlock": {"cidr": _single(address)}} for one in self.units[key]
                            for address in one.addresses)
            elif pod.namespace != namespace:
                yield {"namespaceSelector": {"matchLabels": {NAMESPACE_NAME_LABEL: pod.namespace}}, **peer}
            else:
                yield peer
        elif key == OUTSIDE:
            yield from ({"ipBlock": block} for block in self.outside_blocks())
        else:
            yield {"ipBlock": {"cidr": _single(key)}}

    def outside_blocks(self) -> list[Json]:
        """Every address but the pods': of the families that the pods have."""
        networks = sorted({_network(version, value) for pod in self.world.pods if not pod.host_network
                           for version, value in pod.parsed_addresses} | set(self._pod_cidrs()))
        blocks = [{"cidr": everything, "except": inside} for everything, mark in (("0.0.0.0/0", "."), ("::/0", ":"))
                  if (inside := [text for text in networks if mark in text])]
        if not blocks:
            note = ("The pods' addresses aren't known, so the private ranges are kept out of what counts as outside; "
                    "put your cluster's pod range there.")
            if note not in self.notes:
                self.notes.append(note)
        return blocks or [{"cidr": "0.0.0.0/0", "except": list(_PRIVATE)}]

    def _pod_cidrs(self) -> Iterator[str]:
        for item in self.world.objects:
            spec = item.get("spec")
            if item.get("kind") == "Node" and isinstance(spec, Mapping):
                listed = spec.get("podCIDRs") or [spec.get("podCIDR")]
                yield from (text for text in listed if isinstance(text, str) and "/" in text)

    def dns_rule(self) -> Json:
        """Questions to the cluster's DNS, over UDP and TCP."""
        return {"to": [{"namespaceSelector": {"matchLabels": {NAMESPACE_NAME_LABEL: "kube-system"}},
                        "podSelector": {"matchLabels": dict(_DNS_LABELS)}}],
                "ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}]}

    def dns_pods(self) -> list[str]:
        """The workloads that answer the cluster's DNS questions."""
        return [key for key, pods in self.units.items()
                if pods[0].namespace == "kube-system" and pods[0].labels.get("k8s-app") == "kube-dns"]

    def _selector(self, key: str) -> dict[str, str]:
        """The fewest labels that mean this workload's pods and no others of the namespace."""
        pods = self.units[key]
        labels = lasting_labels(pods[0].labels)
        choices = [{name: labels[name]} for name in TELLING if name in labels]
        choices += [labels, dict(pods[0].labels)]
        for choice in choices:
            if choice and self._means_only(choice, key):
                return choice
        others = sorted(self._meant(labels, pods[0].namespace) - {key})
        if not pods[0].host_network and others:
            self.notes.append(f"No labels tell {short(key)} from {', '.join(map(short, others[:4]))}: its policies "
                              "hold for them too.")
        return labels

    def _means_only(self, labels: Mapping[str, str], key: str) -> bool:
        pods = self.units[key]
        return all(_fits(labels, pod) for pod in pods) and self._meant(labels, pods[0].namespace) <= {key}

    def _meant(self, labels: Mapping[str, str], namespace: str) -> set[str]:
        """The workloads of a namespace with a pod that has these labels; all of them without labels."""
        if not labels:
            return {key for key, pods in self.units.items() if pods[0].namespace == namespace}
        sets = [self._labelled.get((namespace, *label), set()) for label in labels.items()]
        return {key for key in set.intersection(*sets)
                if any(_fits(labels, pod) and not pod.host_network for pod in self.units[key])}

    def _by_label(self) -> dict[tuple[str, str, str], set[str]]:
        """(namespace, label, value) -> the workloads with a pod that has it."""
        found: dict[tuple[str, str, str], set[str]] = {}
        for key, pods in self.units.items():
            for pod in pods:
                for name, value in pod.labels.items():
                    found.setdefault((pod.namespace, name, value), set()).add(key)
        return found


def _fits(labels: Mapping[str, str], pod: Pod) -> bool:
    return all(pod.labels.get(name) == value for name, value in labels.items())


def _single(address: str) -> str:
    return f"{address}/{32 if parse_address(address)[0] == 4 else 128}"


def _network(version: int, value: int) -> str:
    """The network that a pod's address most likely lies in: 16 of 32 bits, 64 of 128."""
    size = 16 if version == 4 else 64
    return f"{format_address(version, value >> size << size)}/{16 if version == 4 else 64}"
