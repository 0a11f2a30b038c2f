"""What runs between a client and a pod: logs, exec, attach, port-forward."""

from ..calls import Call
from ..errors import ApiError, method_not_allowed
from ..http.messages import Response

SUBRESOURCES = ("log", "exec", "attach", "portforward")


async def answer(call: Call) -> Response | None:
    """Raises ApiError before a stream begins."""
    if call.request.method not in ("GET", "POST"):
        raise method_not_allowed()
    if call.node is None:
        raise ApiError(503, "ServiceUnavailable", "this node runs no pods")
    if call.subresource == "log":
        from . import logs

        return await logs.answer(call, call.node)
    if call.subresource == "portforward":
        from . import portforward

        return await portforward.answer(call, call.node)
    from . import exec as execution

    return await execution.answer(call, call.node)
