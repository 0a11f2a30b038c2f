"""The meaning of NetworkPolicy, written as plainly as possible from the checklist, to test the engine against.

Works on the objects as they are (dicts), knows no classes, no bit sets, no caches. The numbers in the comments are
those of the checklist's lines.
"""

from __future__ import annotations

import ipaddress
from typing import Any

Object = dict[str, Any]


def allowed(objects: list[Object], source: str, target: str, port: int, protocol: str) -> bool:
    """Ends are "ns/name" of a pod or an address outside the cluster."""
    a, b = find_pod(objects, source), find_pod(objects, target)
    if a is not None and a is b:
        return True  # 34
    if a is not None and b is not None and on_node(a, b):
        return any(
            egress_allows(objects, a, b, source, target, port, protocol, version)
            for version in versions(a, b, source, target)
        )  # 35, and 36 for the source
    if a is None and b is not None and source in host_addresses(b) and not is_host(b):
        return True  # 35
    return any(
        egress_allows(objects, a, b, source, target, port, protocol, version)
        and ingress_allows(objects, a, b, source, target, port, protocol, version)
        for version in versions(a, b, source, target)
    )  # 8, 32


def versions(a: Object | None, b: Object | None, source: str, target: str) -> list[int]:
    """32: the address families in which these ends can meet."""
    ours, theirs = families(a, source), families(b, target)
    if not ours and not theirs:
        return [4]
    return [version for version in (4, 6) if (not ours or version in ours) and (not theirs or version in theirs)]


def families(pod: Object | None, address: str) -> set[int]:
    texts = [address] if pod is None else pod_addresses(pod)
    return {ipaddress.ip_address(text).version for text in texts}


def egress_allows(
    objects: list[Object],
    a: Object | None,
    b: Object | None,
    source: str,
    target: str,
    port: int,
    protocol: str,
    version: int,
) -> bool:
    if a is None or is_host(a):
        return True  # 36, 39
    policies = [p for p in policies_of(objects) if applies(p, "Egress") and selects(p, a)]
    if not policies:
        return True  # 1
    return any(
        rule_allows(objects, policy, rule, "to", b, target, b, port, protocol, version)
        for policy in policies
        for rule in policy["spec"].get("egress") or []
    )  # 5, 7


def ingress_allows(
    objects: list[Object],
    a: Object | None,
    b: Object | None,
    source: str,
    target: str,
    port: int,
    protocol: str,
    version: int,
) -> bool:
    if b is None or is_host(b):
        return True  # 36, 39
    policies = [p for p in policies_of(objects) if applies(p, "Ingress") and selects(p, b)]
    if not policies:
        return True  # 1
    return any(
        rule_allows(objects, policy, rule, "from", a, source, b, port, protocol, version)
        for policy in policies
        for rule in policy["spec"].get("ingress") or []
    )  # 5, 7


def applies(policy: Object, direction: str) -> bool:
    """2 and 3."""
    types = policy["spec"].get("policyTypes")
    if not types:
        types = ["Ingress", "Egress"] if policy["spec"].get("egress") else ["Ingress"]
    return direction in types


def selects(policy: Object, pod: Object) -> bool:
    """10 and 20; 36 for host-network pods."""
    return (
        not is_host(pod)
        and namespace(policy) == namespace(pod)
        and selector_matches(policy["spec"].get("podSelector"), labels(pod))
    )


def rule_allows(
    objects: list[Object],
    policy: Object,
    rule: Object | None,
    side: str,
    other: Object | None,
    address: str,
    destination: Object | None,
    port: int,
    protocol: str,
    version: int,
) -> bool:
    """6 and 9."""
    rule = rule or {}
    peers, ports = rule.get(side) or [], rule.get("ports") or []
    peer_fits = not peers or any(peer_matches(objects, policy, peer, other, address, version) for peer in peers)
    port_fits = not ports or any(port_matches(entry or {}, destination, port, protocol) for entry in ports)
    return peer_fits and port_fits


def peer_matches(
    objects: list[Object], policy: Object, peer: Object, other: Object | None, address: str, version: int
) -> bool:
    if peer.get("ipBlock") is not None:
        return block_matches(peer["ipBlock"], other, address, version)
    if other is None or is_host(other):
        return False  # 14, 36
    namespaces, pods = peer.get("namespaceSelector"), peer.get("podSelector")
    if namespaces is None:
        return namespace(other) == namespace(policy) and selector_matches(pods, labels(other))  # 11
    return selector_matches(namespaces, namespace_labels(objects, namespace(other))) and (
        pods is None or selector_matches(pods, labels(other))
    )  # 12, 13


def block_matches(block: Object, other: Object | None, address: str, version: int) -> bool:
    """30, 31 and 32. A manifest's pod has no address yet; only the whole family surely holds it."""
    network = ipaddress.ip_network(block["cidr"], strict=False)
    holes = [ipaddress.ip_network(text, strict=False) for text in block.get("except") or []]
    if network.version != version:
        return False
    addresses = [address] if other is None else pod_addresses(other)
    if not addresses:
        return network.prefixlen == 0 and not holes
    return any(
        ip.version == version and ip in network and not any(ip in hole for hole in holes)
        for ip in map(ipaddress.ip_address, addresses)
    )


def port_matches(entry: Object, destination: Object | None, port: int, protocol: str) -> bool:
    """22 to 29."""
    if (entry.get("protocol") or "TCP") != protocol:
        return False
    wanted = entry.get("port")
    if wanted is None:
        return True
    if isinstance(wanted, int):
        return bool(wanted <= port <= (entry.get("endPort") or wanted))
    if destination is None or is_host(destination):
        return False
    return any(
        declared.get("name") == wanted
        and declared["containerPort"] == port
        and (declared.get("protocol") or "TCP") == protocol
        for container in destination["spec"].get("containers") or []
        for declared in container.get("ports") or []
    )


def selector_matches(selector: Object | None, having: dict[str, str]) -> bool:
    """15 to 18."""
    selector = selector or {}
    if not all(having.get(key) == value for key, value in (selector.get("matchLabels") or {}).items()):
        return False
    for expression in selector.get("matchExpressions") or []:
        key, operator, values = expression["key"], expression["operator"], expression.get("values") or []
        holds = {
            "In": key in having and having[key] in values,
            "NotIn": key not in having or having[key] not in values,
            "Exists": key in having,
            "DoesNotExist": key not in having,
        }[operator]
        if not holds:
            return False
    return True


def policies_of(objects: list[Object]) -> list[Object]:
    return [item for item in objects if item["kind"] == "NetworkPolicy"]


def find_pod(objects: list[Object], name: str) -> Object | None:
    for item in objects:
        if item["kind"] == "Pod" and f"{namespace(item)}/{item['metadata']['name']}" == name:
            return item
    return None


def namespace(item: Object) -> str:
    return item["metadata"].get("namespace") or "default"  # 41


def namespace_labels(objects: list[Object], name: str) -> dict[str, str]:
    """19."""
    for item in objects:
        if item["kind"] == "Namespace" and item["metadata"]["name"] == name:
            return {**(item["metadata"].get("labels") or {}), "kubernetes.io/metadata.name": name}
    return {"kubernetes.io/metadata.name": name}


def labels(pod: Object) -> dict[str, str]:
    return pod["metadata"].get("labels") or {}


def pod_addresses(pod: Object) -> list[str]:
    status = pod.get("status") or {}
    return [entry["ip"] for entry in status.get("podIPs") or []] or ([status["podIP"]] if status.get("podIP") else [])


def host_addresses(pod: Object) -> list[str]:
    status = pod.get("status") or {}
    return [status["hostIP"]] if status.get("hostIP") else []


def is_host(pod: Object) -> bool:
    return bool(pod["spec"].get("hostNetwork"))


def on_node(a: Object, b: Object) -> bool:
    """Whether a is the node (a host-network pod) of the pod b."""
    node = a["spec"].get("nodeName")
    return is_host(a) and not is_host(b) and bool(node) and node == b["spec"].get("nodeName")
