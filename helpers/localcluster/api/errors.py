"""Errors that travel to a client as a Kubernetes `Status`.

ApiError                 anything that a client is told; carries HTTP code and reason
StoreError               the state file cannot be used; told to whoever starts the node
"""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from helpers.plain_text import clean


class Named(Protocol):
    """The part of a `Resource` that an error message needs."""

    @property
    def group(self) -> str: ...

    @property
    def plural(self) -> str: ...

    @property
    def kind(self) -> str: ...

    @property
    def key(self) -> str: ...


class StoreError(Exception):
    """The state file cannot be read or written; the message says what to do."""


class ApiError(Exception):
    """A refusal, with what `kubectl` needs to compose its own sentence.

    `code` is the HTTP status, `reason` a Kubernetes reason such as `NotFound`;
    `details` are the `Status` details (name, group, kind, uid, causes, …).
    """

    def __init__(self, code: int, reason: str, message: str, **details: Any) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = clean(message)  # kubectl prints it as it comes
        self.details = {key: value for key, value in details.items() if value not in (None, "", [])}

    def status(self) -> dict[str, Any]:
        """The `Status` object to answer with."""
        status: dict[str, Any] = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            "reason": self.reason,
            "code": self.code,
        }
        if self.details:
            status["details"] = self.details
        return status


def not_found(resource: Named, name: str) -> ApiError:
    return ApiError(404, "NotFound", f'{resource.key} "{name}" not found', **_who(resource, name))


def no_such_path() -> ApiError:
    return ApiError(404, "NotFound", "the server could not find the requested resource")


def not_served(plural: str, group: str) -> ApiError:
    """A kind, or a part of one, that real clusters have."""
    name = f"{plural}.{group}" if group else plural
    message = f"{name} is not part of this lab's cluster; `kubectl api-resources` lists what is"
    return ApiError(404, "NotFound", message, group=group, kind=plural)


def refused(resource: Named, why: str) -> ApiError:
    """A kind that clients may know of, and that isn't served."""
    return ApiError(404, "NotFound", why, group=resource.group, kind=resource.plural)


def already_exists(resource: Named, name: str) -> ApiError:
    return ApiError(409, "AlreadyExists", f'{resource.key} "{name}" already exists', **_who(resource, name))


def conflict(resource: Named, name: str, why: str = "") -> ApiError:
    """Two writers met; `why` replaces the usual "has been modified" sentence."""
    why = why or "the object has been modified; please apply your changes to the latest version and try again"
    return ApiError(
        409,
        "Conflict",
        f'Operation cannot be fulfilled on {resource.key} "{name}": {why}',
        **_who(resource, name),
    )


def forbidden(resource: Named, name: str, why: str) -> ApiError:
    return ApiError(403, "Forbidden", f'{resource.key} "{name}" is forbidden: {why}', **_who(resource, name))


def bad_request(message: str) -> ApiError:
    return ApiError(400, "BadRequest", message)


def method_not_allowed(why: str = "the server does not allow this method on the requested resource") -> ApiError:
    return ApiError(405, "MethodNotAllowed", why)


def unsupported_media_type(accepted: Iterable[str]) -> ApiError:
    return ApiError(
        415,
        "UnsupportedMediaType",
        f"the body of the request was in an unknown format - accepted media types include: {', '.join(accepted)}",
    )


def expired(message: str) -> ApiError:
    return ApiError(410, "Expired", message)


def invalid(resource: Named, name: str, causes: Iterable[Mapping[str, str]]) -> ApiError:
    """422 for an object whose fields break rules.

    Each cause has `field`, `message` (kind, value and detail as one text) and
    `reason` (for example `FieldValueInvalid`).
    """
    listed = [dict(cause) for cause in causes]
    texts = [f"{cause['field']}: {cause['message']}" for cause in listed]
    text = texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
    details = {"name": name, "group": resource.group, "kind": resource.kind, "causes": listed}
    return ApiError(422, "Invalid", f'{resource.kind}{_dot(resource.group)} "{name}" is invalid: {text}', **details)


def _dot(group: str) -> str:
    return f".{group}" if group else ""


def _who(resource: Named, name: str) -> dict[str, str]:
    return {"name": name, "group": resource.group, "kind": resource.plural}
