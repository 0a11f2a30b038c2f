"""Request bodies in Kubernetes' protobuf: what `kubectl create` and `kubectl auth can-i` send.

The envelope is `k8s\\0` and a runtime.Unknown. Only messages and fields that
those commands fill are known here; anything else with a value in it is refused,
never dropped in silence.
"""

import base64
from collections.abc import Iterator
from typing import Any

MAGIC = b"k8s\0"
Wire = int | bytes

# message → field number → (JSON name, type). A type in brackets repeats; "" is skipped.
MESSAGES: dict[str, dict[int, tuple[str, str]]] = {
    "Envelope": {1: ("typeMeta", "TypeMeta"), 2: ("raw", "bytes"), 3: ("", ""), 4: ("", "")},
    "TypeMeta": {1: ("apiVersion", "string"), 2: ("kind", "string")},
    "ObjectMeta": {
        1: ("name", "string"),
        2: ("generateName", "string"),
        3: ("namespace", "string"),
        4: ("", ""),  # selfLink
        5: ("uid", "string"),
        6: ("resourceVersion", "string"),
        7: ("", ""),  # generation
        8: ("", ""),  # creationTimestamp
        11: ("labels", "map"),
        12: ("annotations", "map"),
        14: ("finalizers", "[string]"),
    },
    "Namespace": {1: ("metadata", "ObjectMeta"), 2: ("spec", "NamespaceSpec"), 3: ("", "")},
    "NamespaceSpec": {1: ("finalizers", "[string]")},
    "ConfigMap": {
        1: ("metadata", "ObjectMeta"),
        2: ("data", "map"),
        3: ("binaryData", "bytesmap"),
        4: ("immutable", "bool"),
    },
    "Secret": {
        1: ("metadata", "ObjectMeta"),
        2: ("data", "bytesmap"),
        3: ("type", "string"),
        4: ("stringData", "map"),
        5: ("immutable", "bool"),
    },
    "ServiceAccount": {1: ("metadata", "ObjectMeta"), 4: ("automountServiceAccountToken", "bool")},
    "Service": {1: ("metadata", "ObjectMeta"), 2: ("spec", "ServiceSpec"), 3: ("", "")},
    "ServiceSpec": {
        1: ("ports", "[ServicePort]"),
        2: ("selector", "map"),
        3: ("clusterIP", "string"),
        4: ("type", "string"),
        5: ("externalIPs", "[string]"),
        7: ("sessionAffinity", "string"),
        8: ("loadBalancerIP", "string"),
        9: ("loadBalancerSourceRanges", "[string]"),
        10: ("externalName", "string"),
        11: ("externalTrafficPolicy", "string"),
        12: ("healthCheckNodePort", "int"),
        13: ("publishNotReadyAddresses", "bool"),
        18: ("clusterIPs", "[string]"),
    },
    "ServicePort": {
        1: ("name", "string"),
        2: ("protocol", "string"),
        3: ("port", "int"),
        4: ("targetPort", "intstr"),
        5: ("nodePort", "int"),
        6: ("appProtocol", "string"),
    },
    "LabelSelector": {1: ("matchLabels", "map"), 2: ("matchExpressions", "[LabelRequirement]")},
    "LabelRequirement": {1: ("key", "string"), 2: ("operator", "string"), 3: ("values", "[string]")},
    "Deployment": {1: ("metadata", "ObjectMeta"), 2: ("spec", "DeploymentSpec"), 3: ("", "")},
    "DeploymentSpec": {
        1: ("replicas", "int"),
        2: ("selector", "LabelSelector"),
        3: ("template", "PodTemplateSpec"),
        4: ("strategy", "DeploymentStrategy"),
        5: ("minReadySeconds", "int"),
        6: ("revisionHistoryLimit", "int"),
        7: ("paused", "bool"),
        9: ("progressDeadlineSeconds", "int"),
    },
    "DeploymentStrategy": {1: ("type", "string")},
    "PodTemplateSpec": {1: ("metadata", "ObjectMeta"), 2: ("spec", "PodSpec")},
    "PodSpec": {
        2: ("containers", "[Container]"),
        3: ("restartPolicy", "string"),
        6: ("dnsPolicy", "string"),
        8: ("serviceAccountName", "string"),
        9: ("", ""),  # the deprecated serviceAccount
        10: ("nodeName", "string"),
        11: ("hostNetwork", "bool"),
        12: ("hostPID", "bool"),
        13: ("hostIPC", "bool"),
        16: ("hostname", "string"),
        17: ("subdomain", "string"),
        19: ("schedulerName", "string"),
        24: ("priorityClassName", "string"),
    },
    "Container": {
        1: ("name", "string"),
        2: ("image", "string"),
        3: ("command", "[string]"),
        4: ("args", "[string]"),
        5: ("workingDir", "string"),
        6: ("ports", "[ContainerPort]"),
        7: ("env", "[EnvVar]"),
        8: ("resources", "Nothing"),
        13: ("terminationMessagePath", "string"),
        14: ("imagePullPolicy", "string"),
        16: ("stdin", "bool"),
        17: ("stdinOnce", "bool"),
        18: ("tty", "bool"),
        20: ("terminationMessagePolicy", "string"),
    },
    "ContainerPort": {
        1: ("name", "string"),
        2: ("hostPort", "int"),
        3: ("containerPort", "int"),
        4: ("protocol", "string"),
        5: ("hostIP", "string"),
    },
    "EnvVar": {1: ("name", "string"), 2: ("value", "string")},
    "Nothing": {},
    "SelfSubjectAccessReview": {1: ("metadata", "ObjectMeta"), 2: ("spec", "AccessReviewSpec"), 3: ("", "")},
    "AccessReviewSpec": {
        1: ("resourceAttributes", "ResourceAttributes"),
        2: ("nonResourceAttributes", "PathAttributes"),
    },
    "ResourceAttributes": {
        1: ("namespace", "string"),
        2: ("verb", "string"),
        3: ("group", "string"),
        4: ("version", "string"),
        5: ("resource", "string"),
        6: ("subresource", "string"),
        7: ("name", "string"),
    },
    "PathAttributes": {1: ("path", "string"), 2: ("verb", "string")},
    "SelfSubjectRulesReview": {1: ("metadata", "ObjectMeta"), 2: ("spec", "RulesReviewSpec"), 3: ("", "")},
    "RulesReviewSpec": {1: ("namespace", "string")},
    "SelfSubjectReview": {1: ("metadata", "ObjectMeta"), 2: ("", "")},
    "DeleteOptions": {
        1: ("gracePeriodSeconds", "int"),
        2: ("preconditions", "Preconditions"),
        3: ("orphanDependents", "bool"),
        4: ("propagationPolicy", "string"),
        5: ("dryRun", "[string]"),
    },
    "Preconditions": {1: ("uid", "string"), 2: ("resourceVersion", "string")},
    "Scale": {1: ("metadata", "ObjectMeta"), 2: ("spec", "ScaleSpec"), 3: ("", "")},
    "ScaleSpec": {1: ("replicas", "int")},
}
KEPT_ZERO = {"replicas", "gracePeriodSeconds"}  # pointers or plain numbers where zero means something
DEPTH = 10


class Malformed(ValueError):
    """The bytes are no message that is known here; the text says why."""


def decode(body: bytes) -> dict[str, Any]:
    """The object as JSON would have it. Raises Malformed."""
    if not body.startswith(MAGIC):
        raise Malformed("it does not start with the Kubernetes prefix")
    try:
        envelope = _message("Envelope", body[len(MAGIC) :], DEPTH)
        meta = envelope.get("typeMeta", {})
        kind = meta.get("kind", "")
        if kind not in MESSAGES or not kind[:1].isupper() or kind == "ObjectMeta":
            raise Malformed(f"kind {kind!r} is only taken as JSON; create it from a file")
        return {**meta, **_message(kind, envelope.get("raw", b""), DEPTH)}
    except (UnicodeDecodeError, RecursionError) as error:
        raise Malformed(str(error)) from error


def fields(data: bytes) -> Iterator[tuple[int, Wire]]:
    """(field number, value) of one message. Raises Malformed."""
    place = 0
    while place < len(data):
        tag, place = _varint(data, place)
        number, wire = tag >> 3, tag & 7
        if wire == 0:
            value, place = _varint(data, place)
            yield number, value
            continue
        if wire == 2:
            size, place = _varint(data, place)
        elif wire in (1, 5):
            size = 8 if wire == 1 else 4
        else:
            raise Malformed(f"wire type {wire}")
        if place + size > len(data):
            raise Malformed("it ends in the middle of a field")
        yield number, data[place : place + size]
        place += size


def _varint(data: bytes, place: int) -> tuple[int, int]:
    number = 0
    for shift in range(0, 70, 7):
        if place >= len(data):
            raise Malformed("it ends in the middle of a number")
        byte = data[place]
        place += 1
        number |= (byte & 127) << shift
        if byte < 128:
            return number & ((1 << 64) - 1), place
    raise Malformed("a number is too long")


def _message(name: str, data: bytes, depth: int) -> dict[str, Any]:
    if not depth:
        raise Malformed("it is nested too deeply")
    known = MESSAGES[name]
    built: dict[str, Any] = {}
    for number, raw in fields(data):
        if number not in known:
            if raw:
                raise Malformed(f"field {number} of {name} is only taken as JSON; create the object from a file")
            continue
        field, type = known[number]
        if not field:
            continue
        if type.startswith("["):
            built.setdefault(field, []).append(_value(type[1:-1], raw, depth))
        elif type in ("map", "bytesmap"):
            key, text = _entry(raw, binary=type == "bytesmap")
            built.setdefault(field, {})[key] = text
        else:
            value = _value(type, raw, depth)
            # Go writes fields that were never set: they are as good as absent.
            if value not in ("", 0, {}, False) or field in KEPT_ZERO:
                built[field] = value
    return built


def _value(type: str, raw: Wire, depth: int) -> Any:
    if type in ("int", "bool"):
        if not isinstance(raw, int):
            raise Malformed(f"a number was expected, not {len(raw)} bytes")
        return bool(raw) if type == "bool" else raw - (1 << 64) if raw >> 63 else raw
    if not isinstance(raw, bytes):
        raise Malformed("text or a message was expected, not a number")
    if type == "bytes":
        return raw
    if type == "string":
        return raw.decode()
    if type == "intstr":
        return _int_or_string(raw)
    return _message(type, raw, depth - 1)


def _int_or_string(raw: bytes) -> int | str:
    parts = dict(fields(raw))
    if parts.get(1):
        return str(_value("string", parts.get(3, b""), 1))
    return int(_value("int", parts.get(2, 0), 1))


def _entry(raw: Wire, *, binary: bool) -> tuple[str, str]:
    if not isinstance(raw, bytes):
        raise Malformed("a map entry was expected, not a number")
    parts = dict(fields(raw))
    key, value = parts.get(1, b""), parts.get(2, b"")
    if not isinstance(key, bytes) or not isinstance(value, bytes):
        raise Malformed("a map entry holds a number")
    return key.decode(), base64.b64encode(value).decode() if binary else value.decode()
