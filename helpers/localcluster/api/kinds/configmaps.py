"""ConfigMaps: settings by key."""

from helpers.localcluster.api.resource import AGE, NAME, Column, Columns, Object, Resource, age_of, name_of
from helpers.localcluster.api.validation.data import check_base64, check_immutable, check_keys, check_size
from helpers.policies.errors import FieldError, invalid


def _check(new: Object, old: Object | None) -> list[FieldError]:
    text, binary = new.get("data") or {}, new.get("binaryData") or {}
    found = check_keys(text, "data") + check_keys(binary, "binaryData") + check_base64(binary, "binaryData")
    found += [invalid(f"binaryData[{key}]", key, "duplicate of key present in data") for key in binary if key in text]
    return found + check_size(new) + check_immutable(new, old)


def _cells(obj: Object) -> list[object]:
    return [name_of(obj), len(obj.get("data") or {}) + len(obj.get("binaryData") or {}), age_of(obj)]


CONFIG_MAPS = Resource(
    "",
    "v1",
    "configmaps",
    "ConfigMap",
    short_names=("cm",),
    columns=Columns((NAME, Column("Data", "integer"), AGE), _cells),
    check=_check,
)
