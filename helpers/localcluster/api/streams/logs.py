"""GET …/log: what a container wrote."""

from datetime import UTC, datetime, timedelta

from ..calls import Call, whole_number
from ..errors import bad_request
from ..http.messages import Request, Response
from ..node import NodeStreams
from .containers import container_of, status_of


async def answer(call: Call, node: NodeStreams) -> Response | None:
    """Stream the log as text. Raises ApiError before it begins."""
    request, pod = call.request, call.held()
    container = container_of(call, pod)
    previous = request.flag("previous")
    _check_started(pod, container, previous)
    lines = node.logs(
        pod,
        container,
        follow=request.flag("follow"),
        previous=previous,
        tail=_optional(request, "tailLines"),
        since=_since(request),
        timestamps=request.flag("timestamps"),
        limit=_optional(request, "limitBytes"),
    )
    first = await anext(aiter(lines), None)  # the node's refusals come before the answer begins
    stream = request.connection.stream("text/plain; charset=utf-8")
    stream.write(first or b"")
    async for piece in lines:
        stream.write(piece)
        await stream.drain()
    stream.end()
    return None


def _check_started(pod: dict[str, object], container: str, previous: bool) -> None:
    state = status_of(pod, container)
    name = pod["metadata"]["name"]  # type: ignore[index]
    if previous:
        if "terminated" not in state.get("lastState", {}):
            raise bad_request(f'previous terminated container "{container}" in pod "{name}" not found')
        return
    waiting = state.get("state", {}).get("waiting")
    started = "terminated" in state.get("lastState", {}) or state.get("restartCount", 0)
    if not state or (waiting and not started):
        reason = (waiting or {}).get("reason") or "ContainerCreating"
        raise bad_request(f'container "{container}" in pod "{name}" is waiting to start: {reason}')


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
