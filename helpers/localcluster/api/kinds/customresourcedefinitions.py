"""CustomResourceDefinitions: kinds that people bring along. Kept and served by their schema; nothing acts on them."""

import re
from functools import partial
from typing import Any

from helpers.localcluster.api.humanize import age
from helpers.localcluster.api.resource import AGE, NAME, Column, Columns, Object, Resource, age_of, name_of
from helpers.localcluster.api.shapes import custom
from helpers.policies.errors import FieldError, invalid, required, unsupported

GROUP = "apiextensions.k8s.io"
STEP = re.compile(r"\.?((?:[^.\[\]\\]|\\.)+)|\[(\d+)\]|\[\?\(@\.(\w+)\s*==\s*[\"']([^\"']*)[\"']\)\]")
VERSION = re.compile(r"v\d+((alpha|beta)\d+)?")


def _default(obj: Object) -> Object:
    spec = obj["spec"]
    names = {"singular": spec["names"]["kind"].lower(), "listKind": f"{spec['names']['kind']}List", **spec["names"]}
    since = obj["metadata"].get("creationTimestamp") or None
    conditions = [
        {"type": kind, "status": "True", "reason": reason, "message": message, "lastTransitionTime": since}
        for kind, reason, message in (
            ("NamesAccepted", "NoConflicts", "no conflicts found"),
            ("Established", "InitialNamesAccepted", "the initial names have been accepted"),
        )
    ]
    status = {
        "conditions": conditions,
        "acceptedNames": names,
        "storedVersions": [version["name"] for version in spec.get("versions") or () if version.get("storage")],
    }
    return {**obj, "spec": {"conversion": {"strategy": "None"}, **spec, "names": names}, "status": status}


def _check(new: Object, old: Object | None) -> list[FieldError]:
    spec, name = new["spec"], new["metadata"].get("name", "")
    versions = spec.get("versions") or []
    wanted = f"{spec['names']['plural']}.{spec['group']}"
    found: list[FieldError] = []
    if name != wanted:
        found.append(invalid("metadata.name", name, f'must be spec.names.plural+"."+spec.group, which is {wanted}'))
    if spec["scope"] not in ("Cluster", "Namespaced"):
        found.append(unsupported("spec.scope", spec["scope"], ("Cluster", "Namespaced")))
    if sum(bool(version.get("storage")) for version in versions) != 1:
        shown = [version["name"] for version in versions if version.get("storage")]
        found.append(invalid("spec.versions", shown, "must have exactly one version marked as storage version"))
    for position, version in enumerate(versions):
        found += _check_version(version, f"spec.versions[{position}]")
    for field in ("group", "scope"):
        if old and spec[field] != old["spec"][field]:
            found.append(invalid(f"spec.{field}", spec[field], "field is immutable"))
    return found


def _check_version(version: Object, place: str) -> list[FieldError]:
    schema = (version.get("schema") or {}).get("openAPIV3Schema")
    if schema is None:
        return [required(f"{place}.schema.openAPIV3Schema", "schemas are required")]
    return [*custom.faults(schema, f"{place}.schema.openAPIV3Schema")]


def _warn(new: Object) -> list[str]:
    return [f"{new['spec']['names']['kind']} objects are kept and served; nothing in this lab acts on them"]


def resources_of(definition: Object) -> list[Resource]:
    """The kind that it adds, once for each version that is served, the preferred one first."""
    served = [version for version in definition["spec"]["versions"] if version.get("served")]
    return [_resource(definition["spec"], version) for version in sorted(served, key=_rank)]


def _rank(version: Object) -> tuple[int, int, int]:
    """Stable versions before beta and alpha, later ones before earlier ones, odd names last."""
    name = version["name"]
    if not VERSION.fullmatch(name):
        return 3, 0, 0
    numbers = [int(digits) for digits in re.findall(r"\d+", name)]
    return 2 if "alpha" in name else 1 if "beta" in name else 0, -numbers[0], -numbers[-1]


def _resource(spec: Object, version: Object) -> Resource:
    names, schema = spec["names"], version["schema"]["openAPIV3Schema"]
    has_status = "status" in (version.get("subresources") or {})
    return Resource(
        spec["group"],
        version["name"],
        names["plural"],
        names["kind"],
        namespaced=spec["scope"] == "Namespaced",
        short_names=tuple(names.get("shortNames") or ()),
        categories=tuple(names.get("categories") or ()),
        subresources=("status",) if has_status else (),
        counts_generation=True,
        columns=_columns(version.get("additionalPrinterColumns") or []),
        default=partial(custom.fill, schema),
        check=lambda new, old: [*custom.check(schema, new)],
        singular_name=names["singular"],
        custom=schema,
    )


def _columns(listed: list[Object]) -> Columns:
    if not listed:
        return Columns((NAME, AGE), lambda obj: [name_of(obj), age_of(obj)])
    columns = (NAME, *(Column(item["name"], item["type"], bool(item.get("priority"))) for item in listed))

    def cells(obj: Object) -> list[object]:
        found = [_at(obj, item["jsonPath"]) for item in listed]
        return [name_of(obj), *(age(value) if item["type"] == "date" else value
                                for value, item in zip(found, listed, strict=True))]  # fmt: skip

    return Columns(columns, cells)


def _at(obj: Object, path: str) -> Any:
    """What a simple JSON path such as `.spec.ports[0].name` leads to; None if nowhere."""
    value: Any = obj
    for field, number, key, wanted in STEP.findall(path):
        if field:
            value = value.get(field.replace("\\", "")) if isinstance(value, dict) else None
        elif not isinstance(value, list):
            return None
        elif number:
            value = value[int(number)] if int(number) < len(value) else None
        else:
            value = next((item for item in value if isinstance(item, dict) and item.get(key) == wanted), None)
    return value


CUSTOM_RESOURCE_DEFINITIONS = Resource(
    GROUP,
    "v1",
    "customresourcedefinitions",
    "CustomResourceDefinition",
    namespaced=False,
    short_names=("crd", "crds"),
    subresources=("status",),
    counts_generation=True,
    columns=Columns((NAME, Column("Created At")), lambda obj: [name_of(obj), obj["metadata"]["creationTimestamp"]]),
    default=_default,
    check=_check,
    warn=_warn,
)
