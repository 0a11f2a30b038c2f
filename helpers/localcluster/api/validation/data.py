"""What holds values by key: config maps and secrets."""

import base64
import binascii
import re

from helpers.localcluster.api.resource import Object
from helpers.policies.errors import FieldError, forbidden, invalid

KEY = re.compile(r"[-._a-zA-Z0-9]{1,253}")
DATA_BYTES = 1024 * 1024


def check_keys(data: dict[str, str], field: str) -> list[FieldError]:
    rule = "a key has letters, digits, '-', '_' and '.' only, and is neither '.' nor '..'"
    return [invalid(f"{field}[{key}]", key, rule) for key in data if not KEY.fullmatch(key) or key in (".", "..")]


def check_base64(data: dict[str, str], field: str) -> list[FieldError]:
    found = []
    for key, value in data.items():
        try:
            base64.b64decode(value.encode(), validate=True)
        except (binascii.Error, ValueError):
            found.append(invalid(f"{field}[{key}]", "<omitted>", "must be base64; use stringData for plain text"))
    return found


def check_size(new: Object) -> list[FieldError]:
    size = sum(len(value) for field in ("data", "binaryData") for value in (new.get(field) or {}).values())
    if size <= DATA_BYTES:
        return []
    return [FieldError("data", "Too long", "", f"may not be more than {DATA_BYTES} bytes")]


def check_immutable(new: Object, old: Object | None) -> list[FieldError]:
    if not old or not old.get("immutable"):
        return []
    changed = [field for field in ("data", "binaryData", "immutable") if new.get(field) != old.get(field)]
    return [forbidden(field, "field is immutable when `immutable` is set") for field in changed]
