"""What runs between a client and a pod: logs, exec, attach, port-forward."""

from ..calls import Call
from ..errors import ApiError, method_not_allowed
from ..http.messages import Response
from . import exec as execution
from . import logs, portforward

ANSWERS = {
    "log": logs.answer,
    "exec": execution.answer,
    "attach": execution.answer,
    "portforward": portforward.answer,
}


async def answer(call: Call) -> Response | None:
    """Raises ApiError before a stream begins."""
    if call.request.method not in ("GET", "POST"):
        raise method_not_allowed()
    if call.node is None:
        raise ApiError(503, "ServiceUnavailable", "this node runs no pods")
    return await ANSWERS[call.subresource](call, call.node)
