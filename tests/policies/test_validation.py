"""Every error of the API server's table, and what it accepts however odd."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.policies import default, validate
from helpers.policies.reading.parsing import parse_policy

from .build import policy, rule

LABELS = "podSelector"
HOST_BITS = "must not have bits set beyond the prefix length"
MAPPED = "must not have an IPv4-mapped IPv6 address"
NOT_A_CIDR = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"


def port(**entry: Any) -> dict[str, Any]:
    return policy(ingress=[{"ports": [entry]}])


def peer(**entry: Any) -> dict[str, Any]:
    return policy(ingress=[{"from": [entry]}])


def block(**entry: Any) -> dict[str, Any]:
    return peer(ipBlock=entry)


def expression(**entry: Any) -> dict[str, Any]:
    return policy(selects={"matchExpressions": [entry]})


PORT = "spec.ingress[0].ports[0]"
PEER = "spec.ingress[0].from[0]"
EXPRESSION = "spec.podSelector.matchExpressions[0]"

REJECTED = [
    (port(protocol="HTTP"), f'{PORT}.protocol: Unsupported value: "HTTP": supported values: "TCP", "UDP", "SCTP"'),
    (port(protocol="tcp"), f'{PORT}.protocol: Unsupported value: "tcp": supported values: "TCP", "UDP", "SCTP"'),
    (port(port=70000), f"{PORT}.port: Invalid value: 70000: must be between 1 and 65535, inclusive"),
    (port(port=0), f"{PORT}.port: Invalid value: 0: must be between 1 and 65535, inclusive"),
    (port(port=-1), f"{PORT}.port: Invalid value: -1: must be between 1 and 65535, inclusive"),
    (port(port="80"), f'{PORT}.port: Invalid value: "80": must contain at least one letter (a-z)'),
    (
        port(port="a-name-far-too-long"),
        f'{PORT}.port: Invalid value: "a-name-far-too-long": must be no more than 15 characters',
    ),
    (
        port(port="Web"),
        f'{PORT}.port: Invalid value: "Web": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)',
    ),
    (port(port="a--b"), f'{PORT}.port: Invalid value: "a--b": must not contain consecutive hyphens'),
    (port(port="-web"), f'{PORT}.port: Invalid value: "-web": must not begin or end with a hyphen'),
    (port(port=80, endPort=70000), f"{PORT}.endPort: Invalid value: 70000: must be between 1 and 65535, inclusive"),
    (port(port=80, endPort=79), f"{PORT}.endPort: Invalid value: 79: must be greater than or equal to `port`"),
    (
        port(port="web", endPort=90),
        f"{PORT}.endPort: Invalid value: 90: may not be specified when `port` is non-numeric",
    ),
    (port(endPort=90), f"{PORT}.endPort: Invalid value: 90: may not be specified when `port` is not specified"),
    (peer(), f"{PEER}: Required value: must specify a peer"),
    (policy(egress=[{"to": [None]}]), "spec.egress[0].to[0]: Required value: must specify a peer"),
    (
        peer(ipBlock={"cidr": "10.0.0.0/8"}, podSelector={}),
        f"{PEER}: Forbidden: may not specify both ipBlock and another peer",
    ),
    (block(), f"{PEER}.ipBlock.cidr: Required value"),
    (block(cidr="10.0.0.1"), f'{PEER}.ipBlock.cidr: Invalid value: "10.0.0.1": {NOT_A_CIDR}'),
    (block(cidr="10.0.0.0/33"), f'{PEER}.ipBlock.cidr: Invalid value: "10.0.0.0/33": {NOT_A_CIDR}'),
    (block(cidr="10.0.0.256/8"), f'{PEER}.ipBlock.cidr: Invalid value: "10.0.0.256/8": {NOT_A_CIDR}'),
    (block(cidr="fd00::/129"), f'{PEER}.ipBlock.cidr: Invalid value: "fd00::/129": {NOT_A_CIDR}'),
    (block(cidr="10.0.0.1/8"), f'{PEER}.ipBlock.cidr: Invalid value: "10.0.0.1/8": {HOST_BITS}'),
    (block(cidr="fd00::1/64"), f'{PEER}.ipBlock.cidr: Invalid value: "fd00::1/64": {HOST_BITS}'),
    (
        block(cidr="10.0.0.0/8", **{"except": ["10.0.0.9/31"]}),
        f'{PEER}.ipBlock.except[0]: Invalid value: "10.0.0.9/31": {HOST_BITS}',
    ),
    (block(cidr="::ffff:10.0.0.0/104"), f'{PEER}.ipBlock.cidr: Invalid value: "::ffff:10.0.0.0/104": {MAPPED}'),
    (block(cidr="::ffff:10.0.0.1/104"), f'{PEER}.ipBlock.cidr: Invalid value: "::ffff:10.0.0.1/104": {MAPPED}'),
    (port(protocol=""), f'{PORT}.protocol: Unsupported value: "": supported values: "TCP", "UDP", "SCTP"'),
    (expression(key="app"), f'{EXPRESSION}.operator: Invalid value: "": not a valid selector operator'),
    (block(cidr="10.0.0.0/8", **{"except": ["x"]}), f'{PEER}.ipBlock.except[0]: Invalid value: "x": {NOT_A_CIDR}'),
    (
        block(cidr="10.0.0.0/8", **{"except": ["11.0.0.0/16"]}),
        f'{PEER}.ipBlock.except[0]: Invalid value: "11.0.0.0/16": must be a strict subset of `cidr`',
    ),
    (
        block(cidr="10.0.0.0/8", **{"except": ["10.0.0.0/8"]}),
        f'{PEER}.ipBlock.except[0]: Invalid value: "10.0.0.0/8": must be a strict subset of `cidr`',
    ),
    (
        block(cidr="10.0.0.0/8", **{"except": ["fd00::/64"]}),
        f'{PEER}.ipBlock.except[0]: Invalid value: "fd00::/64": must be a strict subset of `cidr`',
    ),
    (
        policy(policyTypes=["Inbound"]),
        'spec.policyTypes[0]: Unsupported value: "Inbound": supported values: "Ingress", "Egress"',
    ),
    (
        policy(policyTypes=["Ingress", "Egress", "Ingress"]),
        'spec.policyTypes: Invalid value: ["Ingress","Egress","Ingress"]: may not specify more than two policyTypes',
    ),
    (
        expression(key="app", operator="In"),
        f"{EXPRESSION}.values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
    ),
    (
        expression(key="app", operator="NotIn", values=[]),
        f"{EXPRESSION}.values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
    ),
    (
        expression(key="app", operator="Exists", values=["a"]),
        f"{EXPRESSION}.values: Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
    ),
    (
        expression(key="app", operator="Is"),
        f'{EXPRESSION}.operator: Invalid value: "Is": not a valid selector operator',
    ),
    (expression(operator="Exists"), f'{EXPRESSION}.key: Invalid value: "": name part must be non-empty'),
    (expression(key="app", operator="In", values=["-"]), f'{EXPRESSION}.values[0]: Invalid value: "-": '),
    (policy(selects={"matchLabels": {"a/b/c": "x"}}), 'spec.podSelector.matchLabels: Invalid value: "a/b/c": '),
    (policy(selects={"matchLabels": {"a": "x" * 64}}), "must be no more than 63 bytes"),
    (policy("Not_A_Name"), 'metadata.name: Invalid value: "Not_A_Name": a lowercase RFC 1123 subdomain must consist'),
    (policy(""), "metadata.name: Required value: name or generateName is required"),
    (policy(ingress=[{"form": []}]), 'unknown field "spec.ingress[0].form"'),
    (policy(ingress=[{"to": []}]), 'unknown field "spec.ingress[0].to"'),
    ({**policy(), "specs": {}}, 'unknown field "specs"'),
    (policy(ingress={}), "spec.ingress: must be a list, not a mapping"),
    (port(port=80.5), f"{PORT}.port: must be a whole number or a name, not a number"),
    (port(port=True), f"{PORT}.port: must be a whole number or a name, not a boolean"),
    (policy(selects={"matchLabels": {"a": 1}}), "spec.podSelector.matchLabels.a: must be a string, not a number"),
    (policy(selects=["a"]), "spec.podSelector: must be a mapping, not a list"),
]

ACCEPTED = [
    policy(policyTypes=["Egress"], ingress=[rule()]),
    policy(policyTypes=["Ingress", "Ingress"]),
    policy(selects={"matchLabels": {"no": "pod"}}),
    port(port=65535),
    port(port="web-1"),
    port(protocol="SCTP"),
    port(),
    port(port=80, endPort=80),
    policy(ingress=None, egress=None, policyTypes=None),
    policy(ingress=[None]),
    policy(ingress=[{"ports": [None]}]),
    peer(podSelector={}, namespaceSelector={}),
    block(cidr="0.0.0.0/0"),
    block(cidr="fd00::/8"),
    block(cidr="10.0.0.1/32", **{"except": []}),
    block(cidr="fd00::1/128"),
    block(cidr="::fffe:10.0.0.0/104"),
    policy(selects={"matchLabels": {"example.com/Name_1.x": ""}}),
    policy("a.b-c.d"),
    {**policy(), "status": {"anything": 1}},
    {"metadata": {"name": "x"}},
    {"metadata": {"generateName": "x-"}},
]


@pytest.mark.parametrize(("item", "expected"), REJECTED, ids=lambda value: value if isinstance(value, str) else "")
def test_rejected_with_the_servers_words(item: dict[str, Any], expected: str) -> None:
    found = [str(error) for error in validate(item)]
    assert expected in found[0] and (len(found) == 1 or "non-empty" in expected), found


@pytest.mark.parametrize("item", ACCEPTED)
def test_accepted_however_odd(item: dict[str, Any]) -> None:
    assert validate(item) == []
    parse_policy(item)
    assert validate(default(item)) == []


def test_decoding_errors_come_before_invalid_values() -> None:
    errors = validate(policy(ingress=[{"form": [], "ports": [{"port": 70000}]}]))
    assert [error.decoding for error in errors] == [True]


def test_defaults() -> None:
    item = policy(ingress=[{"ports": [{"port": 80}]}], egress=[{}])
    filled = default(item)
    assert filled["spec"]["policyTypes"] == ["Ingress", "Egress"]
    assert filled["spec"]["ingress"][0]["ports"] == [{"port": 80, "protocol": "TCP"}]
    assert "policyTypes" not in item["spec"], "the given object stays as it is"
    assert default({"metadata": {"name": "x"}})["spec"] == {"podSelector": {}, "policyTypes": ["Ingress"]}


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                (
                    "spec",
                    "metadata",
                    "podSelector",
                    "ingress",
                    "egress",
                    "from",
                    "to",
                    "ports",
                    "port",
                    "name",
                    "namespaceSelector",
                    "ipBlock",
                    "cidr",
                    "except",
                    "matchLabels",
                    "matchExpressions",
                    "key",
                    "operator",
                    "values",
                    "policyTypes",
                    "protocol",
                    "endPort",
                    "labels",
                    "kind",
                )
            )
            | st.text(),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@settings(max_examples=400, deadline=None)
@given(JUNK)
def test_anything_gets_an_answer(item: Any) -> None:
    errors = validate(item)
    assert all(str(error) for error in errors)
    if not errors:
        parse_policy(item)
