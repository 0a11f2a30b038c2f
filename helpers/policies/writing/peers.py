"""The peers of a rule that mean one end of an arrow: pods by their labels, everything else by addresses."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from helpers.policies.application.fields import mappings
from helpers.policies.application.networks import pod_networks
from helpers.policies.judging.naming import DNS_LABELS, DNS_NAMESPACE, DNS_PORT, NODE_LOCAL, dns_pods
from helpers.policies.model import NAMESPACE_NAME_LABEL, Workload
from helpers.policies.model.addresses import is_address, parse_address, parse_block, parse_cidr
from helpers.policies.model.naming import INGRESS_CONTROLLER, is_system, short_name
from helpers.policies.model.regions import Range, merge, solid
from helpers.policies.world import World
from helpers.policies.writing.labels import Labels

Json = dict[str, Any]
_PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
_USUAL_DNS: Json = {
    "namespaceSelector": {"matchLabels": {NAMESPACE_NAME_LABEL: DNS_NAMESPACE}},
    "podSelector": {"matchLabels": dict(DNS_LABELS)},
}
_NODE_LOCAL_LABELS = {"k8s-app": "node-local-dns"}


class Peers:
    """Writes the ends of a world as peers of rules."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.labels = Labels(world.workloads)

    def of(self, end: str, namespace: str) -> list[Json]:
        """The peers that mean an end, in a policy of `namespace`. An end that is no pod of the input, and no address,
        counts as outside; the ingress controller may be a pod of any namespace that is not in the input, too."""
        workload = self._world.workloads.get(end)
        if workload is not None and not workload.pods[0].host_network:
            labels = self.labels[end]
            peer: Json = {"podSelector": {"matchLabels": dict(labels)} if labels else {}}
            if workload.namespace == namespace:
                return [peer]
            return [{"namespaceSelector": {"matchLabels": {NAMESPACE_NAME_LABEL: workload.namespace}}, **peer}]
        if workload is not None:
            return _blocks(_own_addresses(workload) or self._nodes) or self._outside
        if is_address(end):
            return _blocks([end])
        return [*([self._elsewhere] if end == INGRESS_CONTROLLER else ()), *self._outside]

    @property
    def _elsewhere(self) -> Json:
        """The pods of namespaces that aren't in the input."""
        return {
            "namespaceSelector": {
                "matchExpressions": [{"key": NAMESPACE_NAME_LABEL, "operator": "NotIn", "values": sorted(self.inside)}]
            }
        }

    @cached_property
    def inside(self) -> frozenset[str]:
        """The application's namespaces of which pods are in the input."""
        spaces = {pod.namespace for pod in self._world.pods}
        return frozenset({space for space in spaces if not is_system(space)} or spaces)

    @property
    def _outside(self) -> list[Json]:
        return [{"ipBlock": block} for block in self.outside_blocks]

    @cached_property
    def networks(self) -> list[str]:
        """The networks in which the pods' addresses lie, as far as the input tells."""
        return list(pod_networks(self._world).blocks)

    @cached_property
    def outside_blocks(self) -> list[Json]:
        """Every address but the pods', of the families that the pods have.

        A node's address that looks like one of a pod is let in by a block of its own. Where no pod's address is known,
        the private ranges, in which nodes lie, have blocks of their own to be narrowed.
        """
        if not self.networks:
            return [{"cidr": "0.0.0.0/0", "except": list(_PRIVATE)}, *({"cidr": cidr} for cidr in _PRIVATE)]
        blocks: list[Json] = [
            {"cidr": everything, "except": inside}
            for everything, version in (("0.0.0.0/0", 4), ("::/0", 6))
            if (inside := [one for one in self.networks if parse_cidr(one)[0] == version])
        ]
        held = [parse_cidr(network) for network in self.networks]
        among = [
            node
            for node in self._nodes
            if any(
                version == family and low <= value <= high
                for version, value in (parse_address(node),)
                for family, low, high in held
            )
        ]
        return blocks + [peer["ipBlock"] for peer in _blocks(among)]

    def knows(self, end: str) -> bool:
        """Whether the input says where an end is."""
        workload = self._world.workloads.get(end)
        return (
            is_address(end)
            if workload is None
            else not workload.pods[0].host_network or bool(self._nodes or _own_addresses(workload))
        )

    def ranges(self, end: str) -> list[Range]:
        """The ranges of addresses by which an end is meant; nothing for a workload that the matrix knows by name."""
        workload = self._world.workloads.get(end)
        if workload is not None and not workload.pods[0].host_network:
            return []
        blocks = [
            parse_block(peer["ipBlock"]["cidr"], tuple(peer["ipBlock"].get("except", ())))
            for peer in self.of(end, "")
            if "ipBlock" in peer
        ]
        return merge((block.version, first, last) for block in blocks for first, last in solid(block))

    @cached_property
    def _nodes(self) -> list[str]:
        """The addresses of the nodes, as pods and Node objects tell."""
        found = {address for pod in self._world.pods for address in pod.host_addresses}
        found |= {
            str(one.get("address"))
            for item in self._world.objects
            if item.get("kind") == "Node"
            for one in mappings(item, "status", "addresses")
            if one.get("type") in ("InternalIP", "ExternalIP")
        }
        return sorted(filter(is_address, found))

    @cached_property
    def dns(self) -> list[str]:
        """The workloads that answer the cluster's DNS questions."""
        return list(dict.fromkeys(pod.workload_key for pod in dns_pods(self._world.pods)))

    @cached_property
    def dns_rule(self) -> Json:
        """Questions to the cluster's DNS, over UDP and TCP; to each node's cache too, where there is one."""
        peers: list[Json] = []
        for key in self.dns:
            pod = self._world.workloads[key].pods[0]
            usual = DNS_LABELS.items() <= pod.labels.items() and not pod.host_network
            for peer in [_USUAL_DNS] if usual else self.of(key, ""):
                if peer not in peers:
                    peers.append(peer)
        peers = peers or [_USUAL_DNS]
        if self.node_local:
            peers += _blocks([NODE_LOCAL])
        return {"to": peers, "ports": [{"protocol": protocol, "port": DNS_PORT} for protocol in ("UDP", "TCP")]}

    @cached_property
    def node_local(self) -> bool:
        """Whether a cache on each node answers DNS questions."""
        return any(_NODE_LOCAL_LABELS.items() <= pod.labels.items() for pod in self._world.pods)

    def name(self, end: str, namespace: str) -> str:
        """An end as part of a policy's name; with its namespace when that is another."""
        workload = self._world.workloads.get(end)
        if workload is None:
            return end.strip("{}").replace(":", "-").strip("-")
        own = short_name(workload.pods[0])
        return own if workload.namespace == namespace else f"{workload.namespace}-{own}"


def _own_addresses(workload: Workload) -> list[str]:
    """The addresses of pods on their node's network."""
    return sorted({address for pod in workload.pods for address in (*pod.addresses, *pod.host_addresses)})


def _blocks(addresses: Sequence[str]) -> list[Json]:
    return [
        {"ipBlock": {"cidr": f"{address}/{32 if parse_address(address)[0] == 4 else 128}"}}
        for address in addresses
        if is_address(address)
    ]
