"""GET …/log: what a container wrote."""

import asyncio
from datetime import UTC, datetime, timedelta

from helpers.localcluster.api.errors import bad_request
from helpers.localcluster.api.http.messages import Request, Response
from helpers.localcluster.api.node import NodeStreams
from helpers.localcluster.api.requests.calls import Call, whole_number
from helpers.localcluster.api.streams.containers import container_of

PATIENCE_SECONDS = 0.2


async def answer(call: Call, node: NodeStreams) -> Response | None:
    """Stream the log as text. Raises ApiError before it begins."""
    request, pod = call.request, call.held()
    container = container_of(call, pod)
    lines = node.logs(
        pod,
        container,
        follow=request.flag("follow"),
        previous=request.flag("previous"),
        tail=_optional(request, "tailLines"),
        since=_since(request),
        timestamps=request.flag("timestamps"),
        limit=_optional(request, "limitBytes"),
    )
    pieces = aiter(lines)
    beginning = asyncio.ensure_future(anext(pieces, b""))
    try:
        # The node's refusals come at once, before the answer begins; a quiet log may take its time.
        await asyncio.wait([beginning], timeout=PATIENCE_SECONDS)
        if beginning.done():
            beginning.result()
        stream = request.connection.stream("text/plain; charset=utf-8")
        stream.write(await beginning)
        async for piece in pieces:
            stream.write(piece)
            await stream.drain()
        stream.end()
    finally:
        beginning.cancel()
    return None


def _optional(request: Request, name: str) -> int | None:
    return whole_number(request, name) if request.first(name) else None


def _since(request: Request) -> datetime | None:
    if request.first("sinceSeconds"):
        return datetime.now(UTC) - timedelta(seconds=min(whole_number(request, "sinceSeconds"), 10**9))
    text = request.first("sinceTime")
    if not text:
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise bad_request(f"sinceTime must be a time such as 2026-01-31T08:00:00Z, not {text[:40]!r}") from error
