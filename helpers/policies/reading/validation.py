"""The API server's checks of a NetworkPolicy.

`validate` returns every error that the server would report: first those of decoding (unknown fields, wrong
types), else those of the values. What it accepts, `parsing` can read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from helpers.policies.errors import FieldError, forbidden, invalid, required, unsupported
from helpers.policies.model.addresses import NotAnAddress, parse_address, parse_cidr
from helpers.policies.model.selectors import OPERATORS
from helpers.policies.reading import syntax
from helpers.policies.reading.shapes import check_shape

PROTOCOLS = ("TCP", "UDP", "SCTP")
POLICY_TYPES = ("Ingress", "Egress")

_BAD_CIDR = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"
_HOST_BITS = "must not have bits set beyond the prefix length"
_MAPPED = "must not have an IPv4-mapped IPv6 address"
_MAPPED_PREFIX = 0xFFFF << 32


def validate(policy: Mapping[str, Any]) -> list[FieldError]:
    """What the API server rejects in a NetworkPolicy; an empty list means accepted. Never raises."""
    errors = check_shape(policy)
    if errors:
        return errors
    return [*_metadata(policy.get("metadata") or {}), *_spec(policy.get("spec") or {}, "spec")]


def _metadata(metadata: Mapping[str, Any]) -> list[FieldError]:
    name = metadata.get("name")
    if not name:
        if metadata.get("generateName"):
            return []
        return [required("metadata.name", "name or generateName is required")]
    return _each("metadata.name", name, syntax.subdomain)


def _each(field: str, value: Any, check: Callable[[Any], list[str]]) -> list[FieldError]:
    return [invalid(field, value, detail) for detail in check(value)]


def _spec(spec: Mapping[str, Any], path: str) -> list[FieldError]:
    errors = selector_errors(spec.get("podSelector"), f"{path}.podSelector")
    for direction, side in (("ingress", "from"), ("egress", "to")):
        for index, rule in enumerate(spec.get(direction) or ()):
            errors += _rule(rule or {}, side, f"{path}.{direction}[{index}]")
    types = spec.get("policyTypes") or ()
    if len(types) > len(POLICY_TYPES):
        return [*errors, invalid(f"{path}.policyTypes", list(types), "may not specify more than two policyTypes")]
    return errors + [
        unsupported(f"{path}.policyTypes[{index}]", kind, POLICY_TYPES)
        for index, kind in enumerate(types)
        if kind not in POLICY_TYPES
    ]


def _rule(rule: Mapping[str, Any], side: str, path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    for index, port in enumerate(rule.get("ports") or ()):
        errors += _port(port or {}, f"{path}.ports[{index}]")
    for index, peer in enumerate(rule.get(side) or ()):
        errors += _peer(peer or {}, f"{path}.{side}[{index}]")
    return errors


def _port(port: Mapping[str, Any], path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    protocol, number, end = port.get("protocol"), port.get("port"), port.get("endPort")
    if protocol is not None and protocol not in PROTOCOLS:
        errors.append(unsupported(f"{path}.protocol", protocol, PROTOCOLS))
    if isinstance(number, str):
        errors += _each(f"{path}.port", number, syntax.port_name)
    elif number is not None:
        errors += _each(f"{path}.port", number, syntax.port_number)
    if end is None:
        return errors
    if number is None:
        return [*errors, invalid(f"{path}.endPort", end, "may not be specified when `port` is not specified")]
    if isinstance(number, str):
        return [*errors, invalid(f"{path}.endPort", end, "may not be specified when `port` is non-numeric")]
    if end < number:
        errors.append(invalid(f"{path}.endPort", end, "must be greater than or equal to `port`"))
    return errors + _each(f"{path}.endPort", end, syntax.port_number)


def _peer(peer: Mapping[str, Any], path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    given = [name for name in ("podSelector", "namespaceSelector", "ipBlock") if peer.get(name) is not None]
    if not given:
        return [required(path, "must specify a peer")]
    for name in ("podSelector", "namespaceSelector"):
        errors += selector_errors(peer.get(name), f"{path}.{name}")
    if "ipBlock" in given:
        errors += _block(peer["ipBlock"], f"{path}.ipBlock")
        if len(given) > 1:
            errors.append(forbidden(path, "may not specify both ipBlock and another peer"))
    return errors


def _block(block: Mapping[str, Any], path: str) -> list[FieldError]:
    cidr = block.get("cidr")
    if not cidr:
        return [required(f"{path}.cidr")]
    outer = _parsed(cidr)
    errors = _each(f"{path}.cidr", cidr, _cidr)
    if outer is None:
        return errors
    for index, text in enumerate(block.get("except") or ()):
        field, inner = f"{path}.except[{index}]", _parsed(text)
        errors += _each(field, text, _cidr)
        if inner is not None and not _strictly_inside(inner, outer):
            errors.append(invalid(field, text, "must be a strict subset of `cidr`"))
    return errors


def _parsed(cidr: str) -> tuple[int, int, int] | None:
    try:
        return parse_cidr(cidr)
    except NotAnAddress:
        return None


def _cidr(text: str) -> list[str]:
    found = _parsed(text)
    if found is None:
        return [_BAD_CIDR]
    detail = inexactness(text)
    return [detail] if detail else []


@lru_cache(maxsize=8192)
def inexactness(cidr: str) -> str:
    """What a server since 1.37 has against a CIDR that earlier ones took; "" if nothing."""
    version, first, _ = parse_cidr(cidr)
    _, address = parse_address(cidr.partition("/")[0])
    if version == 6 and address >> 32 << 32 == _MAPPED_PREFIX:
        return _MAPPED
    return _HOST_BITS if address != first else ""


def taken_before(error: FieldError) -> bool:
    """Whether servers before 1.37 accept what this error is about: their objects hold it."""
    return error.detail in (_HOST_BITS, _MAPPED)


def _strictly_inside(inner: tuple[int, int, int], outer: tuple[int, int, int]) -> bool:
    return inner[0] == outer[0] and outer[1] <= inner[1] and inner[2] <= outer[2] and inner != outer


def selector_errors(selector: Mapping[str, Any] | None, path: str) -> list[FieldError]:
    """What is wrong with a LabelSelector of the right shape."""
    errors: list[FieldError] = []
    if not selector:
        return errors
    for key, value in (selector.get("matchLabels") or {}).items():
        if not _good_label(key, value):
            errors += _each(f"{path}.matchLabels", key, syntax.label_key)
            errors += _each(f"{path}.matchLabels", value, syntax.label_value)
    for index, expression in enumerate(selector.get("matchExpressions") or ()):
        errors += _expression(expression or {}, f"{path}.matchExpressions[{index}]")
    return errors


@lru_cache(maxsize=8192)
def _good_label(key: str, value: str) -> bool:
    return not syntax.label_key(key) and not syntax.label_value(value)


def _expression(expression: Mapping[str, Any], path: str) -> list[FieldError]:
    operator, values = expression.get("operator") or "", expression.get("values") or ()
    errors: list[FieldError] = []
    if operator in ("In", "NotIn") and not values:
        errors.append(required(f"{path}.values", "must be specified when `operator` is 'In' or 'NotIn'"))
    elif operator in ("Exists", "DoesNotExist") and values:
        detail = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
        errors.append(forbidden(f"{path}.values", detail))
    elif operator not in OPERATORS:
        errors.append(invalid(f"{path}.operator", operator, "not a valid selector operator"))
    errors += _each(f"{path}.key", expression.get("key") or "", syntax.label_key)
    for index, value in enumerate(values):
        errors += _each(f"{path}.values[{index}]", value, syntax.label_value)
    return errors
