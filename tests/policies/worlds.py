"""Random worlds for the property tests: few names, so that selectors often match and often just miss."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

KEYS = ("app", "tier", "env")
VALUES = ("a", "b", "c", "")
SPACES = ("default", "x", "y")
PORT_NAMES = ("web", "dns")
NUMBERS = (1, 53, 80, 81, 8080, 65535)
PROTOCOLS = ("TCP", "UDP", "SCTP")
V4 = ("10.0.0.1", "10.0.0.2", "10.0.1.1", "10.1.0.1", "192.168.0.1")
V6 = ("fd00::1", "fd00::2", "fd00:1::1")
CIDRS = (
    "0.0.0.0/0",
    "10.0.0.0/8",
    "10.0.0.0/16",
    "10.0.0.0/24",
    "10.0.0.1/32",
    "10.0.0.7/31",
    "::/0",
    "fd00::/16",
    "fd00::/64",
    "fd00::1/128",
)
OUTSIDE = (
    "8.8.8.8",
    "10.0.0.9",
    "10.0.255.255",
    "10.1.0.0",
    "11.0.0.0",
    "0.0.0.0",
    "255.255.255.255",
    "2001:db8::1",
    "fd00::9",
    "fd00:0:0:1::",
    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
)

labels = st.dictionaries(st.sampled_from(KEYS), st.sampled_from(VALUES), max_size=3)
protocol = st.sampled_from(PROTOCOLS)


def optional(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


def fields(required: dict[str, Any], maybe: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(required, optional=maybe)


expression = st.one_of(
    st.fixed_dictionaries(
        {
            "key": st.sampled_from(KEYS),
            "operator": st.sampled_from(("In", "NotIn")),
            "values": st.lists(st.sampled_from(VALUES), min_size=1, max_size=3),
        }
    ),
    fields(
        {"key": st.sampled_from(KEYS), "operator": st.sampled_from(("Exists", "DoesNotExist"))}, {"values": st.just([])}
    ),
)
selector = fields(
    {},
    {
        "matchLabels": optional(st.dictionaries(st.sampled_from(KEYS), st.sampled_from(VALUES), max_size=2)),
        "matchExpressions": optional(st.lists(expression, max_size=2)),
    },
)
namespace_selector = st.one_of(
    st.just({}),
    st.builds(lambda name: {"matchLabels": {"kubernetes.io/metadata.name": name}}, st.sampled_from(SPACES)),
    st.builds(lambda team: {"matchLabels": {"team": team}}, st.sampled_from(("red", "blue"))),
    st.just({"matchExpressions": [{"key": "team", "operator": "DoesNotExist"}]}),
    st.just({"matchExpressions": [{"key": "team", "operator": "NotIn", "values": ["red"]}]}),
)


@st.composite
def ip_block(draw: st.DrawFn) -> dict[str, Any]:
    import ipaddress

    cidr = draw(st.sampled_from(CIDRS))
    outer = ipaddress.ip_network(cidr, strict=False)
    inner = [
        text
        for text in CIDRS
        if (net := ipaddress.ip_network(text, strict=False)).version == outer.version
        and net != outer
        and net.subnet_of(outer)
    ]  # type: ignore[arg-type]
    block: dict[str, Any] = {"cidr": cidr}
    if inner and draw(st.booleans()):
        block["except"] = draw(st.lists(st.sampled_from(inner), max_size=2))
    return block


peer = st.one_of(
    st.fixed_dictionaries({"podSelector": selector}),
    fields({"namespaceSelector": namespace_selector}, {"podSelector": optional(selector)}),
    st.fixed_dictionaries({"ipBlock": ip_block()}),
)


@st.composite
def port_entry(draw: st.DrawFn) -> dict[str, Any]:
    entry: dict[str, Any] = {}
    if draw(st.booleans()):
        entry["protocol"] = draw(optional(protocol))
    kind = draw(st.sampled_from(("none", "number", "range", "name")))
    if kind == "name":
        entry["port"] = draw(st.sampled_from(PORT_NAMES))
    elif kind != "none":
        entry["port"] = draw(st.sampled_from(NUMBERS))
        if kind == "range":
            entry["endPort"] = draw(st.sampled_from([n for n in NUMBERS if n >= entry["port"]]))
    return entry


ports = st.lists(optional(port_entry()), max_size=2)


def rule(side: str) -> st.SearchStrategy[Any]:
    return optional(fields({}, {side: optional(st.lists(peer, max_size=2)), "ports": optional(ports)}))


@st.composite
def policy(draw: st.DrawFn, number: int = 0) -> dict[str, Any]:
    spec = draw(
        fields(
            {},
            {
                "podSelector": optional(selector),
                "ingress": optional(st.lists(rule("from"), max_size=2)),
                "egress": optional(st.lists(rule("to"), max_size=2)),
                "policyTypes": optional(st.lists(st.sampled_from(("Ingress", "Egress")), max_size=2)),
            },
        )
    )
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": f"p{number}", "namespace": draw(st.sampled_from(SPACES))},
        "spec": spec,
    }


container_port = fields(
    {"containerPort": st.sampled_from(NUMBERS)}, {"name": st.sampled_from(PORT_NAMES), "protocol": protocol}
)


@st.composite
def pod(draw: st.DrawFn, number: int) -> dict[str, Any]:
    v4, v6 = draw(st.sampled_from(((True, False), (True, False), (True, True), (False, True), (False, False))))
    addresses = ([{"ip": f"{draw(st.sampled_from(V4)).rpartition('.')[0]}.{number + 1}"}] if v4 else []) + (
        [{"ip": f"{draw(st.sampled_from(V6)).rpartition(':')[0]}:{number + 1:x}"}] if v6 else []
    )
    spec: dict[str, Any] = {
        "containers": [{"name": "main", "ports": draw(st.lists(container_port, max_size=2))}],
        "nodeName": draw(st.sampled_from(("n1", "n2"))),
    }
    if draw(st.integers(0, 7)) == 7:
        spec["hostNetwork"] = True
    status: dict[str, Any] = {"podIPs": addresses, "hostIP": f"172.20.0.{spec['nodeName'][1]}"}
    if addresses:
        status["podIP"] = addresses[0]["ip"]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "spec": spec,
        "status": status,
        "metadata": {"name": f"pod{number}", "namespace": draw(st.sampled_from(SPACES)), "labels": draw(labels)},
    }


@st.composite
def worlds(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Objects of a small cluster: namespaces, pods with every kind of address, and up to five policies."""
    spaces = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": {"team": team} if team else {}}}
        for name, team in zip(SPACES, draw(st.tuples(*[st.sampled_from(("red", "blue", ""))] * 3)), strict=True)
    ]
    pods = [draw(pod(number)) for number in range(draw(st.integers(1, 5)))]
    policies = [draw(policy(number)) for number in range(draw(st.integers(0, 5)))]
    return [*spaces, *pods, *policies]


PROBES = tuple((protocol, port) for protocol in PROTOCOLS for port in (1, 2, 52, 53, 79, 80, 81, 82, 8080, 65535))
