"""One request to the API with all that is needed to answer it."""

from dataclasses import dataclass
from typing import Any

from helpers.localcluster.api.errors import bad_request, not_found
from helpers.localcluster.api.http.messages import Request, Response, json_response
from helpers.localcluster.api.node import NodeStreams
from helpers.localcluster.api.requests import tables
from helpers.localcluster.api.resource import Resource
from helpers.localcluster.api.shapes import decode
from helpers.localcluster.api.shapes.schema import Type, root
from helpers.localcluster.api.storage.store import Object, Store


@dataclass(slots=True)
class Call:
    """A request and what its path names."""

    request: Request
    store: Store
    node: NodeStreams | None
    resource: Resource
    namespace: str | None
    name: str | None
    subresource: str

    @property
    def dry_run(self) -> bool:
        given = self.request.query.get("dryRun", [])
        if set(given) - {"All", ""}:
            raise bad_request(f"the query parameter dryRun must be All, not {given[0][:20]!r}")
        return "All" in given

    def held(self) -> Object:
        """The stored object that the path names. Raises ApiError NotFound."""
        assert self.name is not None
        found = self.store.get(self.resource.key, self.namespace, self.name)
        if found is None:
            raise not_found(self.resource, self.name)
        return self.resource.served(found)

    def body(self) -> tuple[Any, list[str]]:
        """The body as a value, and fields given twice. Raises ApiError."""
        return decode.parse(self.request.header("content-type"), self.request.body)

    def options(self) -> dict[str, Any]:
        """DeleteOptions from the body, or from the query where there is no body."""
        query = self.request.query
        found: dict[str, Any] = {}
        if self.request.body:
            value, _ = self.body()
            found, _ = decode.decode(value, Type.parse("DeleteOptions"), "v1", "Ignore")
        if "gracePeriodSeconds" in query:
            found.setdefault("gracePeriodSeconds", whole_number(self.request, "gracePeriodSeconds"))
        if "propagationPolicy" in query:
            found.setdefault("propagationPolicy", self.request.first("propagationPolicy"))
        return found

    def decoded(self, value: Any, duplicates: list[str] | None = None) -> tuple[Object, list[str]]:
        """A clean object of this resource's kind, and warnings. Raises ApiError."""
        resource = self.resource
        if isinstance(value, dict):
            value = {"apiVersion": resource.group_version, "kind": resource.kind, **value}
            given = value["apiVersion"], value["kind"]
            if given != (resource.group_version, resource.kind):
                message = f"{given[1]} in version {given[0]!r} does not belong here: this address serves "
                raise bad_request(f"{message}{resource.kind} in version {resource.group_version!r}")
        mode = self.request.first("fieldValidation")
        if resource.custom is not None:
            return decode.decode_custom(value, resource, mode, duplicates or ())
        clean, warnings = decode.decode(value, root(resource), resource.version, mode, duplicates or ())
        for field in ("metadata", "spec"):  # structures, not pointers: there even when left out
            if field in root_fields(resource):
                clean.setdefault(field, {})
        return clean, warnings

    def answer(self, obj: Object, status: int = 200, warnings: list[str] | None = None) -> Response:
        """The object, or the table row that the client asked for instead."""
        headers = [("Warning", warning(text)) for text in warnings or ()]
        version = tables.wanted(self.request)
        if version:
            include = self.request.first("includeObject", "Metadata")
            metadata = {"resourceVersion": obj["metadata"].get("resourceVersion", "")}
            return json_response(tables.table(self.resource, [obj], version, include, metadata), status, headers)
        return json_response(obj, status, headers)


def root_fields(resource: Resource) -> dict[str, Type]:
    known = root(resource).structure
    return known.fields if known else {}


def whole_number(request: Request, name: str, default: int = 0) -> int:
    """A query parameter as a number from 0. Raises ApiError BadRequest."""
    text = request.first(name)
    if not text:
        return default
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise bad_request(f"the query parameter {name} must be a whole number from 0, not {text[:40]!r}")
    return int(text)


def warning(text: str) -> str:
    """A Warning header: kubectl prints its text."""
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'299 - "{quoted}"'
