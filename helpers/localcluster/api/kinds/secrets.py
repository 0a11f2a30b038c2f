"""Secrets: like ConfigMaps, in base64."""

import base64

from helpers.localcluster.api.resource import AGE, NAME, Column, Columns, Object, Resource, age_of, name_of
from helpers.localcluster.api.validation.data import check_base64, check_immutable, check_keys, check_size
from helpers.policies.errors import FieldError, invalid


def _default(obj: Object) -> Object:
    filled = {"type": "Opaque", **obj}
    plain = filled.pop("stringData", None)
    if plain:
        encoded = {key: base64.b64encode(value.encode()).decode() for key, value in plain.items()}
        filled["data"] = {**(filled.get("data") or {}), **encoded}
    return filled


def _check(new: Object, old: Object | None) -> list[FieldError]:
    held = new.get("data") or {}
    found = check_keys(held, "data") + check_base64(held, "data") + check_size(new) + check_immutable(new, old)
    if old and new.get("type") != old.get("type"):
        found.append(invalid("type", new.get("type"), "field is immutable"))
    return found


def _cells(obj: Object) -> list[object]:
    return [name_of(obj), obj.get("type", ""), len(obj.get("data") or {}), age_of(obj)]


SECRETS = Resource(
    "",
    "v1",
    "secrets",
    "Secret",
    field_labels=("type",),
    columns=Columns((NAME, Column("Type"), Column("Data", "integer"), AGE), _cells),
    default=_default,
    check=_check,
)
