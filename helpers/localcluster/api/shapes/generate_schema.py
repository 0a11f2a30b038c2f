"""Write `schema.json` from Kubernetes' Go types: `python -m helpers.localcluster.api.shapes.generate_schema FOLDER`.

FOLDER holds the modules `k8s.io/api`, `k8s.io/apimachinery` and `k8s.io/apiextensions-apiserver`, as
`go env GOMODCACHE` has them once `make conformance` was run. A development tool; the node reads only the file.

Each field is spelled `TYPE NUMBER WORDS`: a type such as `string`, `[]Container` or `{}string` (a map), its number in
protobuf, and of these words what fits: `zero` (a zero is a value; otherwise it means that nothing was set), `by=KEY`
(a list that a strategic merge patch merges by this key), `set` (one that it merges as a set). A required field's name
ends with `!`; what is required comes from the Python client's models. A name `+N` stands for a structure whose fields
are the owner's own in JSON, and a message of their own in protobuf.
"""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

PATH = Path(__file__).with_name("schema.json")
SOURCES = (
    "api@*/core/v1",
    "api@*/apps/v1",
    "api@*/batch/v1",
    "api@*/networking/v1",
    "api@*/rbac/v1",
    "api@*/discovery/v1",
    "api@*/authorization/v1",
    "api@*/authentication/v1",
    "api@*/autoscaling/v1",
    "apimachinery@*/pkg/apis/meta/v1",
    "apiextensions-apiserver@*/pkg/apis/apiextensions/v1",
)
ROOTS = (
    "ClusterRole ClusterRoleBinding ConfigMap ControllerRevision CronJob CustomResourceDefinition DaemonSet "
    "DeleteOptions Deployment EndpointSlice Endpoints Event Ingress IngressClass Job Namespace NetworkPolicy Node Pod "
    "ReplicaSet Role RoleBinding Scale Secret SelfSubjectAccessReview SelfSubjectReview SelfSubjectRulesReview "
    "Service ServiceAccount StatefulSet Status SubjectAccessReview LocalSubjectAccessReview TokenRequest"
).split()
# The lab's own kind.
FLOW = {
    "Flow": {
        "apiVersion": "string",
        "kind": "string",
        "metadata": "ObjectMeta",
        "time": "time",
        "source": "FlowEnd",
        "target": "FlowEnd",
        "port": "integer",
        "protocol": "string",
        "verdict": "string",
        "reason": "string",
        "policies": "[]string",
        "attempts": "integer",
        "dns": "boolean",
    },
    "FlowEnd": {
        "kind": "string",
        "namespace": "string",
        "name": "string",
        "address": "string",
        "labels": "{}string",
        "service": "string",
    },
}
PLAIN = {
    "bool": "boolean",
    "float64": "number",
    "int": "integer",
    "int32": "integer",
    "int64": "integer",
    "string": "string",
    "[]byte": "bytes",
    "Time": "time",
    "MicroTime": "time",
    "IntOrString": "IntOrString",
    "Quantity": "Quantity",
    "RawExtension": "any",
    "FieldsV1": "any",
    "JSON": "any",
    "Duration": "string",
}
# How Go's import names say which package is meant.
PACKAGES = {"metav1": "meta", "v1": "core", "corev1": "core"}
# Fields that the models require and clients may leave out, because the server fills them.
FILLED_IN = {
    ("Event", "metadata"),
    ("EndpointSlice", "addressType"),
    ("CustomResourceDefinitionStatus", "acceptedNames"),
    ("CustomResourceDefinitionStatus", "conditions"),
    ("CustomResourceDefinitionStatus", "storedVersions"),
}
STRUCT = re.compile(r"^type (\w+) struct \{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
EMPTY = re.compile(r"^type (\w+) struct ?\{\}$", re.MULTILINE)
OTHER = re.compile(r"^type (\w+) ((?:map\[\w+\]|\[\])?[\w.]+)$", re.MULTILINE)
FIELD = re.compile(r"^\t(?:(\w+)\s+)?([\w.*\[\]]+)\s+`([^`]+)`", re.MULTILINE)


class Field(NamedTuple):
    """One field of a Go structure; without a `name` it is embedded."""

    name: str
    type: str
    number: str
    tags: dict[str, str]


class Struct(NamedTuple):
    """A Go structure under the name that it has in the file, and the package that it stands in."""

    name: str
    package: str
    fields: list[Field]


def fields(body: str) -> Iterator[Field]:
    for name, kind, text in FIELD.findall(body):
        tags = dict(re.findall(r'\b(\w+):"([^"]*)"', text))
        wire = tags.get("protobuf", "").split(",")
        if len(wire) < 2:  # TypeMeta, which the envelope carries
            continue
        yield Field(tags["json"].partition(",")[0] if "json" in tags else name, kind, wire[1], tags)


class Generator:
    """Collects the structures that the roots reach."""

    def __init__(self, folder: Path) -> None:
        from kubernetes.client import models

        self._models = models
        self._structs: dict[tuple[str, str], Struct] = {}
        self._aliases: dict[tuple[str, str], str] = {}
        for source in SOURCES:
            found = sorted(folder.glob(source))[-1]
            for path in sorted(found.glob("*types*.go")):
                self._read(path.parent.parent.name, path.read_text("utf-8"))

    def _read(self, package: str, text: str) -> None:
        taken = {name for _, name in self._structs}
        for name, body in STRUCT.findall(text):
            unique = f"{package.capitalize()}{name}" if name in taken else name
            self._structs[package, name] = Struct(unique, package, [*fields(body)])
        for name in EMPTY.findall(text):
            self._structs[package, name] = Struct(name, package, [])
        for name, kind in OTHER.findall(text):
            self._aliases[package, name] = kind

    def run(self) -> dict[str, Any]:
        by_name = {struct.name: struct for struct in self._structs.values()}
        waiting, types = [by_name[name] for name in ROOTS], dict[str, dict[str, str]]()
        while waiting:
            struct = waiting.pop()
            if struct.name not in types:
                types[struct.name] = dict(sorted(self._fields(struct, waiting)))
        return {"types": dict(sorted({**types, **FLOW}.items()))}

    def _fields(self, struct: Struct, waiting: list[Struct]) -> Iterator[tuple[str, str]]:
        required = self._required(struct)
        if struct.name in ROOTS:
            yield from (("apiVersion", "string"), ("kind", "string"))
        for field in struct.fields:
            type = self._type(struct.package, field.type.lstrip("*"), waiting)
            if not field.name:
                yield f"+{field.number}", type
                continue
            words = [type, field.number]
            if field.type.startswith("*") or "omitempty" not in field.tags.get("json", ""):
                words.append("zero")
            if "patchMergeKey" in field.tags and type != "[]string":
                words.append(f"by={field.tags['patchMergeKey']}")
            elif "merge" in field.tags.get("patchStrategy", "") and type == "[]string":
                words.append("set")
            yield field.name + ("!" if field.name in required else ""), " ".join(words)

    def _required(self, struct: Struct) -> set[str]:
        """What a client must give; the fields of an embedded structure stand in its owner's model."""
        name = struct.name.removesuffix("Common")
        model = next((found for prefix in ("V1", "CoreV1", "RbacV1")
                      if (found := getattr(self._models, prefix + name, None))), None)  # fmt: skip
        if model is None:
            return set()
        listed = {str(field.serialization_alias or field.alias or key): field
                  for key, field in model.model_fields.items()}  # fmt: skip
        return {key for key, field in listed.items() if field.is_required() and (name, key) not in FILLED_IN}

    def _type(self, package: str, spelled: str, waiting: list[Struct]) -> str:
        if spelled == "[]byte":
            return "bytes"
        if spelled.startswith("[]"):
            return "[]" + self._type(package, spelled[2:].lstrip("*"), waiting)
        if found := re.fullmatch(r"map\[[\w.]+\](.+)", spelled):
            return "{}" + self._type(package, found[1], waiting)
        qualifier, _, name = spelled.rpartition(".")
        if name in PLAIN:
            return PLAIN[name]
        package = PACKAGES.get(qualifier, package)
        if struct := self._structs.get((package, name)):
            waiting.append(struct)
            return struct.name
        return self._type(package, self._aliases.get((package, name), "string"), waiting)


def write(folder: Path) -> None:
    lines = json.dumps(Generator(folder).run(), separators=(",", ":"), sort_keys=False)
    # One type a line, so that a new version's changes read well in a diff.
    PATH.write_text(lines.replace("},", "},\n").replace('"types":{', '"types":{\n') + "\n", "utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
