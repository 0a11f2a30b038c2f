"""Rules about how a policy is written: its types, empty lists, rules without limits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from helpers.policies import home
from helpers.policies.linting.case import SIDES, Case
from helpers.policies.linting.findings import ERROR, NOTE, WARNING, Finding, finding, report
from helpers.policies.model import EGRESS, INGRESS, Policy, PortRule, Rule

_OLD, _GROUP = "extensions/", "networking.k8s.io/"
_REPLY_PORTS = (1024, 59999)
"""A range from at most about here to at least here is meant for replies: clients' ports lie in it."""


def _spec(policy: Policy) -> Mapping[str, Any]:
    spec = policy.source.get("spec")
    return spec if isinstance(spec, Mapping) else {}


def old_api_version(case: Case) -> Iterator[Finding]:
    """A NetworkPolicy of an API version that clusters don't serve any more: it protects nothing."""
    for item in case.objects("NetworkPolicy"):
        version = str(item.get("apiVersion") or "")
        if version.startswith(_OLD) or (version.startswith(_GROUP) and version != f"{_GROUP}v1"):
            metadata = item.get("metadata")
            metadata = metadata if isinstance(metadata, Mapping) else {}
            key = f"{home.namespace_of(metadata)}/{metadata.get('name')}"
            yield finding(
                "old-api-version",
                ERROR,
                item,
                "apiVersion",
                key,
                f"{key} has the apiVersion {version}, which no cluster serves since Kubernetes 1.16: it "
                "can't be applied, so it protects nothing.",
                f"Write `apiVersion: {_GROUP}v1`.",
            )


def types_left_out(case: Case) -> Iterator[Finding]:
    """Egress rules without policyTypes: the default is both types, so that all ingress is denied as well."""
    for policy in case.world.policies:
        spec = _spec(policy)
        if not spec.get("policyTypes") and spec.get(EGRESS) and INGRESS not in spec:
            yield report(
                "types-left-out",
                WARNING,
                policy,
                "spec.egress",
                f"{policy.key} has egress rules and no policyTypes; the default is then Ingress and Egress, "
                "so it denies all ingress to its pods too.",
                "Write `policyTypes: [Egress]`; or, if ingress shall be denied, `policyTypes: [Ingress, Egress]`.",
            )


def section_without_type(case: Case) -> Iterator[Finding]:
    """Rules for a direction that policyTypes leaves out: they are ignored."""
    for policy in case.world.policies:
        for direction in (INGRESS, EGRESS):
            if policy.rules(direction) is None and _spec(policy).get(direction):
                kind = direction.title()
                yield report(
                    "section-without-type",
                    WARNING,
                    policy,
                    f"spec.{direction}",
                    f"{policy.key} has {direction} rules, and its policyTypes don't list {kind}, so the "
                    "rules are ignored.",
                    f"Add `{kind}` to policyTypes, or take the section away.",
                )


def egress_deny_without_type(case: Case) -> Iterator[Finding]:
    """An empty egress section without policyTypes: it looks like a deny and does nothing."""
    for policy in case.world.policies:
        spec = _spec(policy)
        if EGRESS in spec and not spec[EGRESS] and policy.egress is None:
            yield report(
                "egress-deny-without-type",
                WARNING,
                policy,
                "spec.egress",
                f"{policy.key} has an empty egress section, and Egress isn't among its policyTypes, so all "
                "egress stays allowed.",
                "Add `policyTypes: [Egress]` to deny egress.",
            )


def type_twice(case: Case) -> Iterator[Finding]:
    """The same policyType twice."""
    for policy in case.world.policies:
        types = _spec(policy).get("policyTypes") or []
        if len(types) != len(set(types)):
            yield report(
                "type-twice",
                NOTE,
                policy,
                "spec.policyTypes[1]",
                f"{policy.key} lists the policyType {types[0]} twice.",
                f"Did you mean {'Egress' if types[0] == 'Ingress' else 'Ingress'}? Else take one away.",
            )


def empty_list_allows_all(case: Case) -> Iterator[Finding]:
    """An empty `from`, `to` or `ports` list: it puts no limit, where a reader may expect nothing to pass."""
    for policy, direction, rule in case.rules():
        written = written_rule(policy, rule, direction)
        for name in (SIDES[direction], "ports"):
            if name in written and written[name] == []:
                yield report(
                    "empty-list-allows-all",
                    WARNING,
                    policy,
                    f"{rule.path}.{name}",
                    f"{policy.key} {rule.path} has an empty `{name}` list, which puts no limit: every "
                    f"{'port' if name == 'ports' else 'peer'} is allowed.",
                    f"To allow nothing write `{direction}: []`; to allow all leave `{name}` out.",
                )


def written_rule(policy: Policy, rule: Rule, direction: str) -> Mapping[str, Any]:
    """A rule as it was written."""
    index = int(rule.path[rule.path.index("[") + 1 : -1])
    found = _spec(policy)[direction][index]
    return found if isinstance(found, Mapping) else {}


def allows_everything(case: Case) -> Iterator[Finding]:
    """An ingress rule without peers and ports: the pods are as open as without a policy."""
    for policy, direction, rule in case.rules():
        if direction == INGRESS and not rule.peers and not rule.ports and not _denying(policy):
            yield report(
                "allows-everything",
                NOTE,
                policy,
                rule.path,
                f"{policy.key} {rule.path} has neither peers nor ports: it allows all ingress.",
                "To deny all write `ingress: []`; to allow some add `from` and `ports`.",
            )


def deny_in_name_only(case: Case) -> Iterator[Finding]:
    """A policy called deny whose rule allows everything: `[{}]` where `[]` was meant."""
    for policy, direction, rule in case.rules():
        if _denying(policy) and not rule.peers and not rule.ports:
            yield report(
                "deny-in-name-only",
                WARNING,
                policy,
                rule.path,
                f"{policy.key} is called deny, and {rule.path} is an empty rule: it allows all {direction}.",
                f"To deny all write `{direction}: []`.",
            )


def _denying(policy: Policy) -> bool:
    return "deny" in policy.name


def deny_has_no_effect(case: Case) -> Iterator[Finding]:
    """A policy that denies all, beside one that allows all to the same pods: policies add up, none wins."""
    for policy in case.world.policies:
        for direction in (INGRESS, EGRESS):
            subjects = case.subjects(policy)
            if policy.rules(direction) != () or not subjects:
                continue
            opened, opener = 0, ""
            for other in case.world.policies:
                if any(not rule.peers and not rule.ports for rule in other.rules(direction) or ()):
                    opened |= case.subjects(other)
                    opener = opener or (other.key if case.subjects(other) & subjects else "")
            if subjects & ~opened == 0:
                yield report(
                    "deny-has-no-effect",
                    WARNING,
                    policy,
                    f"spec.{direction}",
                    f"{policy.key} denies all {direction}, and {opener} allows all {direction} to the same "
                    "pods. Policies are a union: there is no order, and no deny wins.",
                    f"Limit the rule of {opener}, or take the deny away.",
                )


def reply_rule(case: Case) -> Iterator[Finding]:
    """A rule for the ports that clients call from: replies need none."""
    for policy, _direction, rule in case.rules():
        for number, entry in enumerate(rule.ports):
            if for_replies(entry):
                yield report(
                    "reply-rule",
                    WARNING,
                    policy,
                    f"{rule.path}.ports[{number}]",
                    f"{policy.key} {rule.path} allows {entry}, the ports that clients call from. Replies "
                    "always flow, so a rule for them only opens more.",
                    "Take it away, and allow the server's port where the call begins.",
                )


def for_replies(entry: PortRule) -> bool:
    """Whether an entry is a range of the ports that clients call from."""
    low, high = _REPLY_PORTS
    return low <= entry.first <= 49152 and entry.last >= high


RULES = (
    old_api_version,
    types_left_out,
    section_without_type,
    egress_deny_without_type,
    type_twice,
    empty_list_allows_all,
    allows_everything,
    deny_in_name_only,
    deny_has_no_effect,
    reply_rule,
)
