"""Tokens of ServiceAccounts: asked for by TokenRequest, kept nowhere, good until they expire or their account is gone.

A token is a JSON Web Token that the cluster's own token signs. Roles are not enforced, so it may do everything.
"""

import base64
import hashlib
import hmac
import json
import time
from typing import Any

from helpers.localcluster.api.errors import bad_request, method_not_allowed
from helpers.localcluster.api.http.messages import Response, json_response
from helpers.localcluster.api.kinds.roles import NOT_ENFORCED
from helpers.localcluster.api.kinds.serviceaccounts import SERVICE_ACCOUNTS
from helpers.localcluster.api.requests.calls import Call, warning
from helpers.localcluster.api.storage.store import Store

SHORTEST, USUAL, LONGEST = 600, 3600, 2**32
"""Seconds that a token lasts."""
_CLAIM = "kubernetes.io"


def create(call: Call, key: str) -> Response:
    """Answer a TokenRequest with a token of the ServiceAccount that the path names. Raises ApiError."""
    if call.request.method != "POST":
        raise method_not_allowed()
    account = call.held()["metadata"]
    asked, _ = call.body()
    if not isinstance(asked, dict) or not isinstance(asked.get("spec") or {}, dict):
        raise bad_request("a TokenRequest object is expected")
    spec: dict[str, Any] = asked.get("spec") or {}
    seconds = spec.get("expirationSeconds") or USUAL
    if not isinstance(seconds, int) or isinstance(seconds, bool) or not SHORTEST <= seconds <= LONGEST:
        raise bad_request(f"spec.expirationSeconds must be a whole number from {SHORTEST} to {LONGEST}")
    ends = int(time.time()) + seconds
    named = {"namespace": account["namespace"], "serviceaccount": {"name": account["name"], "uid": account["uid"]}}
    subject = f"system:serviceaccount:{account['namespace']}:{account['name']}"
    token = _signed({"exp": ends, "sub": subject, _CLAIM: named}, key)
    until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(ends))
    found = {
        "kind": "TokenRequest",
        "apiVersion": "authentication.k8s.io/v1",
        "metadata": {"name": account["name"], "namespace": account["namespace"]},
        "spec": {**spec, "expirationSeconds": seconds},
        "status": {"token": token, "expirationTimestamp": until},
    }
    return json_response(found, 201, [("Warning", warning(NOT_ENFORCED))])


def is_good(token: str, key: str, store: Store) -> bool:
    """Whether this cluster gave the token, to an account that still is there, and it has not expired."""
    signed, _, signature = token.rpartition(".")
    if not hmac.compare_digest(signature.encode(), _signature(signed, key).encode()):
        return False
    claims = json.loads(_bytes(signed.partition(".")[2]))
    named = claims[_CLAIM]
    account = store.get(SERVICE_ACCOUNTS.key, named["namespace"], named["serviceaccount"]["name"])
    alive = account is not None and account["metadata"]["uid"] == named["serviceaccount"]["uid"]
    return alive and time.time() < claims["exp"]


def _signed(claims: dict[str, Any], key: str) -> str:
    signed = ".".join(_text(json.dumps(part).encode()) for part in ({"alg": "HS256", "typ": "JWT"}, claims))
    return f"{signed}.{_signature(signed, key)}"


def _signature(signed: str, key: str) -> str:
    return _text(hmac.digest(key.encode(), signed.encode(), hashlib.sha256))


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
