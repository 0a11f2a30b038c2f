"""The shape of a NetworkPolicy: which fields there are and which type each has.

This is the server's decoding step. `null` is a missing field everywhere; list items may be null too and then
count as empty.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from helpers.policies.errors import FieldError, unknown_field, wrong_type

Check = Callable[[Any, str], list[FieldError]]

_INT32 = range(-(1 << 31), 1 << 31)


def check_shape(policy: Any) -> list[FieldError]:
    """Unknown fields and wrong types, each with its path."""
    if not isinstance(policy, Mapping):
        return [wrong_type("object", policy, "a mapping")]
    errors = _POLICY(policy, "")
    for field, wanted in (("apiVersion", "networking.k8s.io/v1"), ("kind", "NetworkPolicy")):
        if not errors and policy.get(field) not in (None, wanted):
            errors.append(wrong_type(field, policy[field], f'"{wanted}"'))
    return errors


def _string(value: Any, path: str) -> list[FieldError]:
    return [] if isinstance(value, str) else [wrong_type(path, value, "a string")]


def _integer(value: Any, path: str) -> list[FieldError]:
    if isinstance(value, int) and not isinstance(value, bool) and value in _INT32:
        return []
    return [wrong_type(path, value, "a 32-bit whole number")]


def _port(value: Any, path: str) -> list[FieldError]:
    if isinstance(value, str):
        return []
    return [wrong_type(path, value, "a whole number or a name")] if _integer(value, path) else []


def _anything(value: Any, path: str) -> list[FieldError]:
    return []


def _list(item: Check) -> Check:
    def check(value: Any, path: str) -> list[FieldError]:
        if not isinstance(value, list | tuple):
            return [wrong_type(path, value, "a list")]
        errors: list[FieldError] = []
        for index, entry in enumerate(value):
            errors += item(entry, f"{path}[{index}]")
        return errors

    return check


def _nullable(check: Check) -> Check:
    return lambda value, path: [] if value is None else check(value, path)


def _strings(value: Any, path: str) -> list[FieldError]:
    """A mapping of strings to strings, such as labels; a null value decodes to an empty string."""
    if type(value) is not dict and not isinstance(value, Mapping):
        return [wrong_type(path, value, "a mapping of strings")]
    errors: list[FieldError] = []
    for key, entry in value.items():
        if not isinstance(key, str):
            errors.append(wrong_type(path, key, "a mapping whose keys are strings"))
        elif not isinstance(entry, str):
            errors.append(wrong_type(f"{path}.{key}", entry, "a string"))
    return errors


def _fields(**fields: Check) -> Check:
    """A mapping with just these fields (a trailing underscore is dropped from the name)."""
    table = {name.rstrip("_"): check for name, check in fields.items()}

    def check(value: Any, path: str) -> list[FieldError]:
        if type(value) is not dict and not isinstance(value, Mapping):
            return [wrong_type(path, value, "a mapping")]
        errors: list[FieldError] = []
        for name, entry in value.items():
            known = table.get(name) if type(name) is str else None
            if known is None:
                errors.append(unknown_field(f"{path}.{name}" if path else str(name), entry))
            elif entry is not None and known is not _anything:
                errors += known(entry, f"{path}.{name}" if path else name)
        return errors

    return check


_EXPRESSION = _fields(key=_string, operator=_string, values=_list(_string))
_SELECTOR = _fields(matchLabels=_strings, matchExpressions=_list(_nullable(_EXPRESSION)))
_PORT = _fields(protocol=_string, port=_port, endPort=_integer)
_BLOCK = _fields(cidr=_string, except_=_list(_string))
_PEER = _fields(podSelector=_SELECTOR, namespaceSelector=_SELECTOR, ipBlock=_BLOCK)
_INGRESS = _fields(from_=_list(_nullable(_PEER)), ports=_list(_nullable(_PORT)))
_EGRESS = _fields(to=_list(_nullable(_PEER)), ports=_list(_nullable(_PORT)))
_SPEC = _fields(
    podSelector=_SELECTOR,
    ingress=_list(_nullable(_INGRESS)),
    egress=_list(_nullable(_EGRESS)),
    policyTypes=_list(_string),
)
_METADATA = _fields(
    name=_string,
    namespace=_string,
    generateName=_string,
    labels=_strings,
    annotations=_strings,
    uid=_string,
    resourceVersion=_string,
    generation=_anything,
    creationTimestamp=_anything,
    deletionTimestamp=_anything,
    deletionGracePeriodSeconds=_anything,
    finalizers=_list(_string),
    ownerReferences=_anything,
    managedFields=_anything,
    selfLink=_anything,
)
_POLICY = _fields(apiVersion=_string, kind=_string, metadata=_METADATA, spec=_SPEC, status=_anything)
