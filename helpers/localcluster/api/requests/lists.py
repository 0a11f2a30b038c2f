"""GET: one object, or a collection in one piece or in pages."""

import secrets
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, NamedTuple

from helpers.localcluster.api.errors import ApiError, expired, refused
from helpers.localcluster.api.http.messages import Response, json_response
from helpers.localcluster.api.kinds import FLOWS
from helpers.localcluster.api.requests import tables
from helpers.localcluster.api.requests.calls import Call, warning, whole_number
from helpers.localcluster.api.requests.selectors import selection
from helpers.localcluster.api.storage.sources import one_flow, source_of
from helpers.localcluster.api.storage.store import Object

PAGES = 64  # unfinished paged lists that are kept


class Page(NamedTuple):
    """What is left of a paged list: a snapshot, so that all pages show one moment."""

    revision: int
    objects: list[Object]


class Pages:
    """The unfinished paged lists, by the token that continues them; each token serves once."""

    def __init__(self) -> None:
        self._held: OrderedDict[str, Page] = OrderedDict()

    def keep(self, page: Page) -> str:
        token = secrets.token_urlsafe(16)
        self._held[token] = page
        if len(self._held) > PAGES:
            self._held.popitem(last=False)
        return token

    def take(self, token: str) -> Page:
        """Raises ApiError Expired."""
        if token not in self._held:
            raise expired("The provided continue parameter is too old; list again without it")
        return self._held[token]


def get(call: Call) -> Response:
    """GET of one object."""
    assert call.name is not None
    obj = one_flow(call.node, call.name) if call.resource is FLOWS else call.held()
    check_revision(call, source_of(call.resource, call.store, call.node).revision)
    return call.answer(obj)


def refuse(call: Call) -> Response:
    """What a kind that isn't served answers: an empty list with a warning, and to everything else why. Raises ApiError.

    Clients that look through all kinds, such as `kubectl apply --prune`, find none of these.
    """
    resource = call.resource
    if call.request.method != "GET" or call.name or call.request.flag("watch"):
        raise refused(resource, resource.refusal)
    return _listed(call, Page(call.store.revision, []), [("Warning", warning(resource.refusal))])


def list_objects(call: Call, pages: Pages) -> Response:
    """GET of a collection."""
    request = call.request
    limit = whole_number(request, "limit")
    token = request.first("continue")
    page = pages.take(token) if token else _snapshot(call)
    if not limit or len(page.objects) <= limit:
        return _listed(call, page)
    rest = page.objects[limit:]
    more = {"continue": pages.keep(Page(page.revision, rest)), "remainingItemCount": len(rest)}
    return _listed(call, Page(page.revision, page.objects[:limit]), more=more)


def _listed(
    call: Call, page: Page, headers: Sequence[tuple[str, str]] = (), more: dict[str, Any] | None = None
) -> Response:
    resource, metadata = call.resource, {"resourceVersion": str(page.revision), **(more or {})}
    version = tables.wanted(call.request)
    if version:
        include = call.request.first("includeObject", "Metadata")
        return json_response(tables.table(resource, page.objects, version, include, metadata), 200, [*headers])
    kind = {"kind": f"{resource.kind}List", "apiVersion": resource.group_version}
    return json_response({**kind, "metadata": metadata, "items": page.objects}, 200, [*headers])


def _snapshot(call: Call) -> Page:
    request = call.request
    chosen = selection(call.resource, request.first("labelSelector"), request.first("fieldSelector"))
    source = source_of(call.resource, call.store, call.node)
    check_revision(call, source.revision)
    objects = [obj for obj in source.list(call.namespace) if not chosen or chosen(obj)]
    objects.sort(key=lambda obj: (obj["metadata"].get("namespace", ""), obj["metadata"]["name"]))
    return Page(source.revision, objects)


def check_revision(call: Call, current: int) -> None:
    """Raises ApiError when the client wants a state that isn't the present one."""
    wanted = whole_number(call.request, "resourceVersion")
    if wanted > current:
        message = f"Too large resource version: {wanted}, current: {current}"
        raise ApiError(504, "Timeout", message, causes=[{"reason": "ResourceVersionTooLarge", "message": message}])
    if call.request.first("resourceVersionMatch") == "Exact" and wanted != current:
        raise expired(f"the state at resource version {wanted} is not kept; the present one is {current}")
