"""Network policies: `helpers.policies` knows what is valid."""

from helpers.policies.errors import FieldError
from helpers.policies.reading.validation import validate

from ..store import Object


def check(new: Object, old: Object | None) -> list[FieldError]:
    # Names and labels are checked for all kinds alike, before this.
    return [error for error in validate(new) if not error.field.startswith("metadata")]
