"""NetworkPolicies: what this course is about. What they mean is in `helpers.policies`."""

from helpers.localcluster.api.requests.selectors import format as format_selector
from helpers.localcluster.api.resource import AGE, NAME, Column, Columns, Object, Resource, age_of, name_of
from helpers.policies.errors import FieldError
from helpers.policies.reading.defaults import default
from helpers.policies.reading.validation import validate


def _check(new: Object, old: Object | None) -> list[FieldError]:
    # Names and labels are checked for all kinds alike, before this.
    return [error for error in validate(new) if not error.field.startswith("metadata")]


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
