"""Write `schema.json` from the installed Python client's models: `python -m helpers.localcluster.api.generate_schema`.

A development tool; the node reads only the file. Types are spelled `string`,
`[]Container`, `{}string` (a map), with `!` at the end of a required field's name.
"""

import json
import re
from pathlib import Path
from typing import Any

PATH = Path(__file__).with_name("schema.json")
ROOTS = {
    "v1/Namespace": "V1Namespace",
    "v1/Node": "V1Node",
    "v1/Pod": "V1Pod",
    "v1/Service": "V1Service",
    "v1/ServiceAccount": "V1ServiceAccount",
    "v1/ConfigMap": "V1ConfigMap",
    "v1/Secret": "V1Secret",
    "v1/Event": "CoreV1Event",
    "apps/v1/Deployment": "V1Deployment",
    "apps/v1/ReplicaSet": "V1ReplicaSet",
    "networking.k8s.io/v1/NetworkPolicy": "V1NetworkPolicy",
    "discovery.k8s.io/v1/EndpointSlice": "V1EndpointSlice",
    "meta/v1/DeleteOptions": "V1DeleteOptions",
    "meta/v1/Status": "V1Status",
}
SCALARS = {
    "str": "string",
    "int": "integer",
    "bool": "boolean",
    "float": "number",
    "datetime": "time",
    "bytearray": "bytes",
    "bytes": "bytes",
}
# The models call these strings, or maps of strings; on the wire a number is welcome too.
QUANTITIES = {"limits", "requests", "capacity", "allocatable", "overhead", "sizeLimit", "divisor", "allocatedResources"}
# Fields that the models require and clients may leave out, because the server fills them.
FILLED_IN = {("Event", "metadata"), ("EndpointSlice", "addressType")}


def type_name(model: str) -> str:
    """`V1Container` and `CoreV1Event` are Container and Event."""
    return re.sub(r"^(Core|Discovery|Events|Autoscaling)?V1(?=[A-Z])", "", model)


class Generator:
    """Collects the models that the roots reach."""

    def __init__(self) -> None:
        from kubernetes.client import models

        self._models = models
        self._waiting: list[str] = []

    def run(self) -> dict[str, Any]:
        self._waiting = [*ROOTS.values()]
        types: dict[str, dict[str, str]] = {}
        while self._waiting:
            model = self._waiting.pop()
            name = type_name(model)
            if name not in types:
                types[name] = self._fields(name, getattr(self._models, model))
        roots = {path: type_name(model) for path, model in ROOTS.items()}
        return {"roots": roots, "types": dict(sorted(types.items()))}

    def _fields(self, owner: str, model: Any) -> dict[str, str]:
        by_alias = {self._alias(name, field): field for name, field in model.model_fields.items()}
        fields = {}
        for python_name, name in sorted(model.attribute_map.items(), key=lambda item: str(item[1])):
            field = by_alias[name]
            spelled = self._type(name, model.openapi_types[python_name], str(field.annotation))
            required = field.is_required() and (owner, name) not in FILLED_IN
            fields[name + ("!" if required else "")] = spelled
        return fields

    @staticmethod
    def _alias(name: str, field: Any) -> str:
        return str(field.serialization_alias or field.alias or name)

    def _type(self, field: str, spelled: str, annotation: str) -> str:
        if found := re.fullmatch(r"[Ll]ist\[(.+)\]", spelled):
            return "[]" + self._type(field, found[1], annotation)
        if found := re.fullmatch(r"[Dd]ict(?:\[|\()str, (.+)(?:\]|\))", spelled):
            return "{}" + self._type(field, found[1], annotation)
        if spelled == "str" and field in QUANTITIES:
            return "Quantity"
        if spelled in SCALARS:
            return SCALARS[spelled]
        if spelled == "object":
            return "IntOrString" if "int" in annotation else "any"
        self._waiting.append(spelled)
        return type_name(spelled)


def write() -> None:
    lines = json.dumps(Generator().run(), separators=(",", ":"), sort_keys=False)
    # One type a line, so that a new client's changes read well in a diff.
    PATH.write_text(lines.replace("},", "},\n").replace('"types":{', '"types":{\n') + "\n", "utf-8")


if __name__ == "__main__":
    write()
