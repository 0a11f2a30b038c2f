"""Kubernetes' rules for names, label keys, label values and port names.

Each function returns the details of what is wrong, in the API server's words; an empty list means valid.
"""

from __future__ import annotations

import re

_SUBDOMAIN = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"
_QUALIFIED = r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_LABEL_VALUE = rf"({_QUALIFIED})?"

# With the server's two spaces.
_KEY_RULE = (
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character "
    f"(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '{_QUALIFIED}')"
)

_is_subdomain = re.compile(_SUBDOMAIN).fullmatch
_is_qualified = re.compile(_QUALIFIED).fullmatch
_is_port_name = re.compile(r"[-a-z0-9]+").fullmatch
_has_letter = re.compile(r"[a-z]").search


def subdomain(text: str) -> list[str]:
    """RFC 1123 subdomain: object names."""
    problems = ["must be no more than 253 bytes"] if len(text) > 253 else []
    if not _is_subdomain(text):
        problems.append(
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must "
            "start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
            f"'{_SUBDOMAIN}')"
        )
    return problems


def label_key(text: str) -> list[str]:
    """A label's key: an optional DNS prefix and a slash, then a name of at most 63 characters."""
    prefix, slash, name = text.rpartition("/")
    if "/" in prefix:
        return [
            f"a valid label key {_KEY_RULE} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
        ]
    problems = []
    if slash:
        problems = ["prefix part must be non-empty"] if not prefix else ["prefix part " + p for p in subdomain(prefix)]
    if not name:
        problems.append("name part must be non-empty")
    elif len(name) > 63:
        problems.append("name part must be no more than 63 bytes")
    if not _is_qualified(name):
        problems.append(f"name part {_KEY_RULE}")
    return problems


def label_value(text: str) -> list[str]:
    """A label's value: empty, or at most 63 characters that start and end alphanumeric."""
    problems = ["must be no more than 63 bytes"] if len(text) > 63 else []
    if text and not _is_qualified(text):
        problems.append(
            "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must "
            "start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for "
            f"validation is '{_LABEL_VALUE}')"
        )
    return problems


def port_name(text: str) -> list[str]:
    """A named port; a quoted number such as "80" is one, and lacks a letter."""
    problems = ["must be no more than 15 characters"] if len(text) > 15 else []
    if not _is_port_name(text):
        problems.append("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)")
    if not _has_letter(text):
        problems.append("must contain at least one letter (a-z)")
    if "--" in text:
        problems.append("must not contain consecutive hyphens")
    if text and (text[0] == "-" or text[-1] == "-"):
        problems.append("must not begin or end with a hyphen")
    return problems


def port_number(number: int) -> list[str]:
    return [] if 1 <= number <= 65535 else ["must be between 1 and 65535, inclusive"]
