"""NetworkPolicies: what this course is about. What they mean is in `helpers.policies`."""

from collections.abc import Iterator

from helpers.localcluster.api.requests.selectors import format as format_selector
from helpers.localcluster.api.resource import AGE, NAME, Column, Columns, Object, Resource, age_of, name_of
from helpers.policies.errors import FieldError
from helpers.policies.reading.defaults import default
from helpers.policies.reading.validation import taken_before, validate


def _check(new: Object, old: Object | None) -> list[FieldError]:
    # Names and labels are checked for all kinds alike, before this. What was taken once may stay as it is.
    held = set(_cidrs(old)) if old else set()
    return [
        error
        for error in validate(new)
        if not error.field.startswith("metadata") and not (taken_before(error) and error.value in held)
    ]


def _cidrs(policy: Object) -> Iterator[str]:
    for direction, side in (("ingress", "from"), ("egress", "to")):
        for rule in policy["spec"].get(direction) or ():
            for peer in rule.get(side) or ():
                block = peer.get("ipBlock") or {}
                yield from (block.get("cidr", ""), *(block.get("except") or ()))


NETWORK_POLICIES = Resource(
    "networking.k8s.io",
    "v1",
    "networkpolicies",
    "NetworkPolicy",
    short_names=("netpol",),
    counts_generation=True,
    columns=Columns(
        (NAME, Column("Pod-Selector"), AGE),
        lambda obj: [name_of(obj), format_selector(obj.get("spec", {}).get("podSelector")), age_of(obj)],
    ),
    default=default,
    check=_check,
)
