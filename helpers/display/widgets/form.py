"""The form's side of a policy: what it can show, and every edit as a function from one policy to the next.

A form cannot show everything that YAML can say (expressions, ranges, exceptions). What it can't show it keeps:
such an entry is a `Kept`, listed as written, and stays as it is until it is removed.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from helpers.policies import home

Json = dict[str, Any]
SIDES = {"ingress": "from", "egress": "to"}
_NAMESPACE = "kubernetes.io/metadata.name"


@dataclass(frozen=True, slots=True)
class Port:
    """A port of a rule: `port` is a number or name as text, empty for all; `kept` is a range, shown as written."""

    protocol: str
    port: str
    kept: str = ""


@dataclass(frozen=True, slots=True)
class RuleForm:
    """One rule: the choices (see `choice`) of its peers, and its ports; empty tuples put no limit."""

    peers: tuple[str, ...]
    ports: tuple[Port, ...]


@dataclass(frozen=True, slots=True)
class Form:
    """What the form shows of a policy. A direction that doesn't isolate is None."""

    name: str
    namespace: str
    target: str
    ingress: tuple[RuleForm, ...] | None
    egress: tuple[RuleForm, ...] | None

    def rules(self, direction: str) -> tuple[RuleForm, ...] | None:
        return self.ingress if direction == "ingress" else self.egress


def form_of(policy: Mapping[str, Any]) -> Form:
    """The form of a policy that the API server would accept."""
    metadata, spec = policy["metadata"], policy.get("spec") or {}
    types = directions(spec)
    shown = {name: _rules(spec.get(name), side) if name in types else None for name, side in SIDES.items()}
    target = _labels_choice(spec.get("podSelector"))
    return Form(metadata["name"], home.namespace_of(metadata), target, **shown)


def directions(spec: Mapping[str, Any]) -> tuple[str, ...]:
    """The directions in which a spec isolates, with the API's default."""
    types = spec.get("policyTypes")
    if types:
        return tuple(name for name in SIDES if name.capitalize() in types)
    return ("ingress", "egress") if spec.get("egress") else ("ingress",)


def _rules(rules: Any, side: str) -> tuple[RuleForm, ...]:
    return tuple(
        RuleForm(
            tuple(choice(peer) for peer in (rule or {}).get(side) or ()),
            tuple(_port(port or {}) for port in (rule or {}).get("ports") or ()),
        )
        for rule in rules or ()
    )


def _port(port: Mapping[str, Any]) -> Port:
    number = port.get("port")
    kept = f"{number}–{port['endPort']}" if port.get("endPort") else ""
    return Port(port.get("protocol") or "TCP", "" if number is None else str(number), kept)


def choice(peer: Mapping[str, Any]) -> str:
    """A peer as one text.

    `all` and `app=x` are pods of the policy's namespace, `all@NS` and `app=x@NS` of another, `all@*` of every
    namespace, `cidr:10.0.0.0/8` is a block of addresses, and `kept` what the form cannot show.
    """
    pods, block = peer.get("podSelector"), peer.get("ipBlock")
    if block is not None:
        return f"cidr:{block.get('cidr', '')}" if not block.get("except") else "kept"
    own = _labels_choice(pods)
    if peer.get("namespaceSelector") is None:
        return own
    where = _namespace_choice(peer["namespaceSelector"])
    if "kept" in (own, where):
        return "kept"
    return f"{own}@{where}"


def _labels_choice(selector: Mapping[str, Any] | None) -> str:
    labels = (selector or {}).get("matchLabels") or {}
    if (selector or {}).get("matchExpressions"):
        return "kept"
    return ",".join(f"{name}={value}" for name, value in labels.items()) or "all"


def _namespace_choice(selector: Mapping[str, Any]) -> str:
    labels = selector.get("matchLabels") or {}
    if selector.get("matchExpressions") or set(labels) - {_NAMESPACE}:
        return "kept"
    return str(labels.get(_NAMESPACE, "*"))


def peer_of(text: str) -> Json:
    """The peer that a choice stands for; raises ValueError for `kept` and for what is no choice."""
    if text.startswith("cidr:"):
        return {"ipBlock": {"cidr": text.removeprefix("cidr:").strip()}}
    own, elsewhere, where = text.partition("@")
    pods = selector_of(own)
    if not elsewhere:
        return {"podSelector": pods}
    namespaces = {} if where == "*" else {"matchLabels": {_NAMESPACE: where}}
    return {"namespaceSelector": namespaces, **({"podSelector": pods} if pods else {})}


def selector_of(text: str) -> Json:
    """The label selector that `all` or `app=x,tier=y` stands for; raises ValueError."""
    if text == "all":
        return {}
    pairs = [pair.partition("=") for pair in text.split(",")]
    if not all(name and equals for name, equals, _ in pairs):
        raise ValueError(f"{text!r} names no labels; write them as name=value")
    return {"matchLabels": {name.strip(): value.strip() for name, _, value in pairs}}


# Edits. Each takes a copy of the policy that it may change, then the arguments that the form sends.


def _set_name(policy: Json, value: str) -> None:
    policy["metadata"]["name"] = value.strip()


def _set_namespace(policy: Json, value: str) -> None:
    policy["metadata"]["namespace"] = value.strip()


def _set_target(policy: Json, value: str) -> None:
    policy["spec"]["podSelector"] = selector_of(value)


def _set_direction(policy: Json, direction: str, value: bool) -> None:
    wanted = set(directions(policy["spec"])) - {direction} | ({direction} if value else set())
    if not wanted:
        raise ValueError("a policy limits at least one direction; choose the other one first")
    policy["spec"]["policyTypes"] = [name.capitalize() for name in SIDES if name in wanted]
    if not value:
        policy["spec"].pop(direction, None)


def _add_rule(policy: Json, direction: str) -> None:
    rules = policy["spec"].get(direction) or []
    policy["spec"][direction] = [*rules, {SIDES[direction]: [{"podSelector": {}}]}]


def _remove_rule(policy: Json, direction: str, rule: int) -> None:
    del policy["spec"][direction][rule]


def _list(policy: Json, direction: str, rule: int, name: str) -> list[Any]:
    found = policy["spec"][direction][rule] or {}
    policy["spec"][direction][rule] = found
    found[name] = list(found.get(name) or ())
    return found[name]  # type: ignore[no-any-return]


def _drop_if_empty(policy: Json, direction: str, rule: int, name: str) -> None:
    if not policy["spec"][direction][rule][name]:
        del policy["spec"][direction][rule][name]


def _add_peer(policy: Json, direction: str, rule: int) -> None:
    _list(policy, direction, rule, SIDES[direction]).append({"podSelector": {}})


def _set_peer(policy: Json, direction: str, rule: int, peer: int, value: str) -> None:
    _list(policy, direction, rule, SIDES[direction])[peer] = peer_of(value)


def _remove_peer(policy: Json, direction: str, rule: int, peer: int) -> None:
    del _list(policy, direction, rule, SIDES[direction])[peer]
    _drop_if_empty(policy, direction, rule, SIDES[direction])


def _set_cidr(policy: Json, direction: str, rule: int, peer: int, value: str) -> None:
    _set_peer(policy, direction, rule, peer, f"cidr:{value}")


def _add_port(policy: Json, direction: str, rule: int, value: str = "8080/TCP") -> None:
    number, _, protocol = value.partition("/")
    _list(policy, direction, rule, "ports").append({"protocol": protocol or "TCP", "port": _number(number)})


def _set_port(policy: Json, direction: str, rule: int, port: int, value: str) -> None:
    entry = _list(policy, direction, rule, "ports")[port]
    entry.pop("endPort", None)
    if value.strip():
        entry["port"] = _number(value)
    else:
        entry.pop("port", None)


def _set_protocol(policy: Json, direction: str, rule: int, port: int, value: str) -> None:
    _list(policy, direction, rule, "ports")[port]["protocol"] = value


def _remove_port(policy: Json, direction: str, rule: int, port: int) -> None:
    del _list(policy, direction, rule, "ports")[port]
    _drop_if_empty(policy, direction, rule, "ports")


def _number(value: str) -> int | str:
    text = str(value).strip()
    return int(text) if text.lstrip("-").isdigit() else text


EDITS: dict[str, Callable[..., None]] = {
    "name": _set_name,
    "namespace": _set_namespace,
    "target": _set_target,
    "direction": _set_direction,
    "add-rule": _add_rule,
    "remove-rule": _remove_rule,
    "add-peer": _add_peer,
    "peer": _set_peer,
    "cidr": _set_cidr,
    "remove-peer": _remove_peer,
    "add-port": _add_port,
    "port": _set_port,
    "protocol": _set_protocol,
    "remove-port": _remove_port,
}


def edit(policy: Mapping[str, Any], action: str, *arguments: Any) -> Json:
    """The policy after one edit of the form.

    Raises ValueError with a sentence for a value that makes no sense, KeyError for an action that does not exist.
    """
    changed = copy.deepcopy(dict(policy))
    changed["spec"] = dict(changed.get("spec") or {})
    EDITS[action](changed, *arguments)
    return changed
