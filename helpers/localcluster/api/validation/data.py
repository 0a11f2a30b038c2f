"""Config maps, secrets, events and endpoint slices."""

import base64
import binascii
import re

from helpers.policies.errors import FieldError, forbidden, invalid, required, unsupported

from ..store import Object

KEY = re.compile(r"[-._a-zA-Z0-9]{1,253}")
DATA_BYTES = 1024 * 1024
ADDRESS_TYPES = ("IPv4", "IPv6", "FQDN")


def check_config_map(new: Object, old: Object | None) -> list[FieldError]:
    text, binary = new.get("data") or {}, new.get("binaryData") or {}
    found = _check_keys(text, "data") + _check_keys(binary, "binaryData") + _check_base64(binary, "binaryData")
    found += [invalid(f"binaryData[{key}]", key, "duplicate of key present in data") for key in binary if key in text]
    return found + _check_size(new) + _check_immutable(new, old)


def check_secret(new: Object, old: Object | None) -> list[FieldError]:
    held = new.get("data") or {}
    found = _check_keys(held, "data") + _check_base64(held, "data") + _check_size(new) + _check_immutable(new, old)
    if old and new.get("type") != old.get("type"):
        found.append(invalid("type", new.get("type"), "field is immutable"))
    return found


def _check_keys(data: dict[str, str], field: str) -> list[FieldError]:
    rule = "a key has letters, digits, '-', '_' and '.' only, and is neither '.' nor '..'"
    return [invalid(f"{field}[{key}]", key, rule) for key in data if not KEY.fullmatch(key) or key in (".", "..")]


def _check_base64(data: dict[str, str], field: str) -> list[FieldError]:
    found = []
    for key, value in data.items():
        try:
            base64.b64decode(value.encode(), validate=True)
        except (binascii.Error, ValueError):
            found.append(invalid(f"{field}[{key}]", "<omitted>", "must be base64; use stringData for plain text"))
    return found


def _check_size(new: Object) -> list[FieldError]:
    size = sum(len(value) for field in ("data", "binaryData") for value in (new.get(field) or {}).values())
    if size <= DATA_BYTES:
        return []
    return [FieldError("data", "Too long", "", f"may not be more than {DATA_BYTES} bytes")]


def _check_immutable(new: Object, old: Object | None) -> list[FieldError]:
    if not old or not old.get("immutable"):
        return []
    changed = [field for field in ("data", "binaryData", "immutable") if new.get(field) != old.get(field)]
    return [forbidden(field, "field is immutable when `immutable` is set") for field in changed]


def check_event(new: Object, old: Object | None) -> list[FieldError]:
    about = new["involvedObject"].get("namespace", "")
    namespace = new["metadata"].get("namespace", "")
    if about == namespace or (not about and namespace in ("default", "kube-system")):
        return []
    return [invalid("involvedObject.namespace", about, "does not match event.namespace")]


def check_endpoint_slice(new: Object, old: Object | None) -> list[FieldError]:
    kind = new.get("addressType")
    if not kind:
        return [required("addressType")]
    if kind not in ADDRESS_TYPES:
        return [unsupported("addressType", kind, ADDRESS_TYPES)]
    if old and old.get("addressType") != kind:
        return [invalid("addressType", kind, "field is immutable")]
    return []
