"""Questions about permissions. There is one user, who may do everything."""

from typing import Any

from helpers.localcluster.api.errors import bad_request, method_not_allowed
from helpers.localcluster.api.http.messages import Request, Response, json_response
from helpers.localcluster.api.shapes import decode

USER = "hipster-lab-admin"
GROUPS = ["system:masters", "system:authenticated"]
EVERYTHING: dict[str, Any] = {
    "resourceRules": [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}],
    "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}],
    "incomplete": False,
}
STATUSES: dict[str, dict[str, Any]] = {
    "selfsubjectaccessreviews": {"allowed": True, "reason": "the lab has one user, who may do everything"},
    "selfsubjectrulesreviews": EVERYTHING,
    "selfsubjectreviews": {"userInfo": {"username": USER, "groups": GROUPS}},
}


def answer(request: Request) -> Response | None:
    """The review, or None when the path is no review's. Raises ApiError."""
    plural = request.segments[-1]
    if request.segments[0] != "apis" or len(request.segments) != 4 or plural not in STATUSES:
        return None
    if request.method != "POST":
        raise method_not_allowed()
    review, _ = decode.parse(request.header("content-type"), request.body)
    if not isinstance(review, dict):
        raise bad_request("a review object is expected")
    return json_response({**review, "status": STATUSES[plural]}, 201)
