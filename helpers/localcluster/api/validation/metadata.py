"""Names, labels, annotations: what every kind has in common."""

import re

from helpers.localcluster.api.resource import Object, Resource
from helpers.policies.errors import FieldError, forbidden, invalid, required
from helpers.policies.reading import syntax

LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
LABEL_1035 = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
FINALIZERS = ("kubernetes", "orphan", "foregroundDeletion")
UNKNOWN_FINALIZER = "name is neither a standard finalizer name nor is it fully qualified"
ANNOTATION_BYTES = 256 * 1024


def check(resource: Resource, new: Object, old: Object | None) -> list[FieldError]:
    held = new["metadata"]
    found = check_name(resource, held.get("name", ""))
    found += check_labels(held.get("labels") or {}, "metadata.labels")
    annotations = held.get("annotations") or {}
    for key in annotations:
        found += [invalid("metadata.annotations", key, detail) for detail in syntax.label_key(key.lower())]
    if sum(len(key) + len(value) for key, value in annotations.items()) > ANNOTATION_BYTES:
        found.append(invalid("metadata.annotations", "", f"may not hold more than {ANNOTATION_BYTES} bytes"))
    for position, finalizer in enumerate(held.get("finalizers") or ()):
        found += [invalid("metadata.finalizers", finalizer, detail) for detail in syntax.label_key(finalizer)]
        if "/" not in finalizer and finalizer not in FINALIZERS and resource.custom is None:
            found.append(invalid(f"metadata.finalizers[{position}]", finalizer, UNKNOWN_FINALIZER))
    if old and old["metadata"].get("deletionTimestamp"):
        added = set(held.get("finalizers") or ()) - set(old["metadata"].get("finalizers") or ())
        if added:
            found.append(forbidden("metadata.finalizers", "no finalizer can be added while the object is deleted"))
    return found


def check_name(resource: Resource, name: str) -> list[FieldError]:
    """Names become host names, file names and parts of URLs: their syntax is strict."""
    if not name:
        return [required("metadata.name", "name or generateName is required")]
    if resource.name_rule:
        return check_label(name, "metadata.name", resource.name_rule)
    if resource.any_name:
        wrong = name in (".", "..") or "/" in name or "%" in name
        return [invalid("metadata.name", name, "may not be '.' or '..', or contain '/' or '%'")] if wrong else []
    return [invalid("metadata.name", name, detail) for detail in syntax.subdomain(name)]


def check_label(name: str, field: str, pattern: re.Pattern[str] = LABEL) -> list[FieldError]:
    """A DNS label of at most 63 characters."""
    if len(name) <= 63 and pattern.fullmatch(name):
        return []
    first = "a letter" if pattern is LABEL_1035 else "a letter or digit"
    rule = f"at most 63 of a-z, 0-9 and '-', beginning with {first}, ending with a letter or digit"
    return [invalid(field, name, f"must be a DNS label: {rule}")]


def check_labels(labels: dict[str, str], field: str) -> list[FieldError]:
    found = [invalid(field, key, detail) for key in labels for detail in syntax.label_key(key)]
    return found + [invalid(field, value, detail) for value in labels.values() for detail in syntax.label_value(value)]
