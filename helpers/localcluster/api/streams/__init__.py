"""What runs between a client and a pod: logs, exec, attach, port-forward."""

from helpers.localcluster.api.errors import ApiError, method_not_allowed
from helpers.localcluster.api.http.messages import Response
from helpers.localcluster.api.requests.calls import Call
from helpers.localcluster.api.streams import exec as execution
from helpers.localcluster.api.streams import logs, portforward

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
