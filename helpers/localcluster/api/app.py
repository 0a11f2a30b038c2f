"""The API as a whole: who may ask, which handler answers, how errors are told."""

import asyncio
import contextlib
import hmac
import logging
from collections import Counter

from helpers.localcluster.api import streams, version
from helpers.localcluster.api.errors import ApiError, StoreError, method_not_allowed, no_such_path
from helpers.localcluster.api.http.messages import Request, Response, json_response
from helpers.localcluster.api.node import NodeStreams
from helpers.localcluster.api.requests import deletes, discovery, lists, reviews, routing, scale, tokens, writes
from helpers.localcluster.api.requests.calls import Call
from helpers.localcluster.api.shapes import openapi
from helpers.localcluster.api.storage import watch
from helpers.localcluster.api.storage.store import Store

HEALTH = ("/healthz", "/livez", "/readyz")
PROXIED = (
    "kubectl proxy is refused here: it would open the cluster to every user of this machine; "
    "use the kubeconfig directly, or kubectl port-forward"
)
REASONS = {401: "Unauthorized", 413: "RequestEntityTooLarge", 429: "TooManyRequests"}

log = logging.getLogger(__name__)


class Api:
    """Answers requests from a store; `http.server.Server` listens for it."""

    def __init__(self, store: Store, token: str, node: NodeStreams | None) -> None:
        self._store = store
        self._token = token
        self._node = node
        self._pages = lists.Pages()
        self._fanout = watch.Fanout()
        self._answers: Counter[tuple[str, int]] = Counter()

    # -- what a connection asks ----------------------------------------------

    def admit(self, request: Request) -> Response | None:
        """Refuse before anything is read of the body."""
        if self.public(request):
            return None
        scheme, _, given = request.header("authorization").partition(" ")
        own = hmac.compare_digest(given.encode("latin-1"), self._token.encode())
        if scheme != "Bearer" or not (own or tokens.is_good(given, self._token, self._store)):
            return self.refuse(401, "Unauthorized")
        if "x-forwarded-for" in request.headers:
            return self.refuse(403, PROXIED)
        return None

    def public(self, request: Request) -> bool:
        """Whether anybody may ask this."""
        return request.path in HEALTH

    def refuse(self, status: int, message: str) -> Response:
        response = _told(ApiError(status, REASONS.get(status, "BadRequest"), message))
        response.close = True
        return response

    async def handle(self, request: Request) -> Response | None:
        """Answer; errors become Status objects."""
        try:
            response = await self._answer(request)
        except ApiError as error:
            response = _told(error)
        except StoreError as error:
            response = _told(ApiError(500, "InternalError", f"the change is not safe on disk: {error}"))
        except (ConnectionResetError, asyncio.CancelledError):
            raise
        except RecursionError:
            response = _told(ApiError(400, "BadRequest", "the request is nested too deeply"))
        except Exception:
            log.exception("failed on %s %s", request.method, request.path)
            response = _told(ApiError(500, "InternalError", "the cluster's API failed; node.log in LAB_HOME says how"))
        self._answers[request.method, response.status if response else 200] += 1
        return response

    # -- which handler answers -------------------------------------------------

    async def _answer(self, request: Request) -> Response | None:
        plain = self._plain(request)
        if plain:
            return plain
        call = Call(request, self._store, self._node, *routing.find(self._store.kinds, request.segments))
        if call.resource.refusal:
            return lists.refuse(call)
        if call.subresource in streams.ANSWERS:
            return await streams.answer(call)
        if call.subresource == "token":
            return tokens.create(call, self._token)
        if request.method in ("GET", "HEAD"):
            return await self._read(call)
        return await self._write(call)

    def _plain(self, request: Request) -> Response | None:
        """Answers that concern no object."""
        first = request.segments[0]
        if self.public(request):
            return Response(200, b"ok", "text/plain; charset=utf-8")
        if first in ("api", "apis"):
            if routing.is_discovery(request.segments):
                _only_get(request)
                return discovery.answer(request, self._store.kinds)
            return reviews.answer(request)
        _only_get(request)
        if first == "version":
            return json_response(version.document())
        if first == "openapi":
            return openapi.answer(request, self._store.kinds)
        if first == "metrics":
            return Response(200, self._metrics().encode(), "text/plain; version=0.0.4; charset=utf-8")
        raise no_such_path()

    async def _read(self, call: Call) -> Response | None:
        if call.request.flag("watch") and not call.subresource:
            with contextlib.suppress(ConnectionResetError):
                await watch.watch(call, self._fanout)
            return None
        if not call.name:
            return lists.list_objects(call, self._pages)
        if call.subresource == "scale":
            return scale.get(call)
        return lists.get(call)

    async def _write(self, call: Call) -> Response:
        if self._store.problem:
            raise ApiError(503, "ServiceUnavailable", f"nothing can be stored at present: {self._store.problem}")
        response = self._apply(call)
        # What is answered is on disk.
        await self._store.durable()
        return response

    def _apply(self, call: Call) -> Response:
        method, scaling = call.request.method, call.subresource == "scale"
        if call.resource.virtual:
            raise method_not_allowed(f"{call.resource.plural} are a log that the cluster writes: they can only be read")
        if method == "POST" and not call.name and _placed(call):
            if "create" not in call.resource.verbs:
                raise method_not_allowed(f"{call.resource.plural} can't be created here: the lab's cluster has one")
            return writes.create(call)
        if method == "PUT" and call.name:
            return scale.put(call) if scaling else writes.replace(call)
        if method == "PATCH" and call.name:
            return scale.change(call) if scaling else writes.change(call)
        if method == "DELETE" and not call.subresource:
            return deletes.delete(call) if call.name else deletes.delete_collection(call)
        raise method_not_allowed()

    def _metrics(self) -> str:
        """Counters in the Prometheus text format."""
        lines = ["# TYPE apiserver_request_total counter"]
        for (verb, code), count in sorted(self._answers.items()):
            lines.append(f'apiserver_request_total{{verb="{verb}",code="{code}"}} {count}')
        lines += ["# TYPE lab_store_revision counter", f"lab_store_revision {self._store.revision}"]
        return "\n".join(lines) + "\n"


def build(store: Store, *, token: str, node: NodeStreams | None) -> Api:
    """The API over this store; clients need `token`, and `node` answers what concerns running pods."""
    return Api(store, token, node)


def _placed(call: Call) -> bool:
    return call.namespace is not None or not call.resource.namespaced


def _only_get(request: Request) -> None:
    if request.method not in ("GET", "HEAD"):
        raise method_not_allowed()


def _told(error: ApiError) -> Response:
    return json_response(error.status(), error.code)
