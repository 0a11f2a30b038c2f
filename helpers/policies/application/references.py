"""Addresses that texts name: hosts with a port, a scheme or a variable's name that says that they are one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from helpers.policies.application.settings import Setting, settings

_ADDRESS = re.compile(
    r"(?<![-\w.$)}])(?:(?P<scheme>[a-zA-Z][a-zA-Z0-9+]{0,30})://(?:[^\s/@'\",]{0,250}@)?)?"
    r"(?P<host>[a-zA-Z0-9](?:[-a-zA-Z0-9.]{0,251}[a-zA-Z0-9])?\.?|\[[0-9a-fA-F:.]{2,45}\])(?::(?P<port>\d{1,5}))?"
    r"(?:/(?P<suffix>udp|tcp|sctp)\b)?(?![-\w.:])",
    re.IGNORECASE,
)
_BESIDE = re.compile(r"(?<![-\w.$@:/)}=])([a-z](?:[-a-z0-9.]{0,251}[a-z0-9])?)[ \t]{1,8}(\d{2,5})(?![-\w.:/])")
_HOST_KEY = re.compile(
    r"(.*?)_?(HOST|HOSTNAME|HOSTS|ADDR|ADDRESS|ADDRESSES|URL|URI|ENDPOINTS?|SERVERS?|BROKERS?|"
    r"SERVICE|UPSTREAM|TARGET|NODES|SEEDS|PEERS|MASTER|PRIMARY|BACKEND)",
    re.IGNORECASE,
)
_BARE = re.compile(r"[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9.])?")
_UDP_SCHEMES = ("quic", "statsd", "coap", "snmp", "ntp")
_NOT_NAMED = frozenset({"localhost", "0.0.0.0", "127.0.0.1", "::", "::1", "true", "false", "none", "null", "auto"})

SCHEME_PORTS = {
    "http": 80,
    "https": 443,
    "ws": 80,
    "wss": 443,
    "redis": 6379,
    "rediss": 6379,
    "postgres": 5432,
    "postgresql": 5432,
    "mysql": 3306,
    "amqp": 5672,
    "amqps": 5671,
    "mongodb": 27017,
    "nats": 4222,
    "kafka": 9092,
    "ldap": 389,
    "ldaps": 636,
    "mqtt": 1883,
    "sqlserver": 1433,
    "memcached": 11211,
    "smtp": 25,
    "ftp": 21,
    "ssh": 22,
    "etcd": 2379,
}


@dataclass(frozen=True, slots=True)
class Reference:
    """A host that a text names, and a port if one is given; `origin` says where, such as "env REDIS_ADDR".

    `protocol` is empty where nothing tells. `sure` is False for a bare word that only its surroundings make look
    like a host, which counts only if it is one.
    """

    host: str
    port: int | None
    scheme: str
    origin: str
    protocol: str = ""
    sure: bool = True


def in_variable(name: str, value: str, environment: Mapping[str, str], origin: str) -> Iterator[Reference]:
    """Addresses in a variable's value, or the bare names in it if the variable is named as one that holds hosts."""
    found = list(in_text(value, origin, name))
    key = _HOST_KEY.fullmatch(name)
    names = [part.strip() for part in value.split(",")] if len(value) < 1000 else []
    if found or key is None or not names or not all(map(_BARE.fullmatch, names)):
        yield from found
        return
    stem = key[1]
    port = next(
        (
            int(text)
            for other in (f"{stem}_PORT", f"{stem}_{key[2]}_PORT")
            if (text := environment.get(other.lstrip("_"), "")).isascii()
            and text.isdigit()
            and len(text) < 6
            and 0 < int(text) < 65536
        ),
        None,
    )
    said = next(
        (
            text.upper()
            for other in ("PROTOCOL", "PROTO", "NETWORK", "TRANSPORT")
            if (text := environment.get(f"{stem}_{other}".lstrip("_"), "").lower()) in ("tcp", "udp", "sctp")
        ),
        "",
    )
    for one in names:
        if one not in _NOT_NAMED and not one.isdigit():
            yield Reference(one.rstrip("."), port, "", origin, said or _named_protocol(name), sure=port is not None)


def in_text(value: str, origin: str, name: str = "") -> Iterator[Reference]:
    """Addresses in a text: with a port or a scheme, names that end in `.svc` or in a cluster domain, and words with a
    number beside them. Comments and prose are passed over."""
    yield from _in_lines(settings(value, name), origin, name)


def in_file(value: str, origin: str, name: str) -> Iterator[Reference]:
    """Addresses in a configuration file, hosts and ports in neighbouring lines included."""
    lines = list(settings(value, name))
    yield from _in_lines(lines, origin, name)
    pairs = [_pair(line) for line in lines]
    for number, (key, bare) in enumerate(pairs):
        if bare and _HOST_KEY.fullmatch(key):
            near = {
                other: text
                for (other, text), line in zip(
                    pairs[max(0, number - 4) : number + 5], lines[max(0, number - 4) : number + 5], strict=True
                )
                if text and line.indent == lines[number].indent
            }
            for found in in_variable(key, bare, near, origin):
                if not found.scheme and ":" not in bare:
                    yield Reference(found.host, found.port, "", origin, found.protocol, sure=False)


def flags(words: list[str]) -> Iterator[tuple[str, str]]:
    """The options of a command line as variables: `--redis-host=redis` and `--redis-host redis` are REDIS_HOST."""
    for word, after in pairwise((*words, "")):
        name, assigned, value = word.partition("=")
        if word.startswith("-") and (assigned or not after.startswith("-")):
            yield name.lstrip("-").replace("-", "_").replace(".", "_").upper(), value if assigned else after


def _pair(line: Setting) -> tuple[str, str]:
    """A line's key as a variable's name, and its value when that is all there is."""
    value = line.text.partition(line.key)[2].strip("\"' \t:=,;") if line.key else ""
    return re.sub(r"[.-]", "_", line.key).upper(), value


def _in_lines(lines: Iterable[Setting], origin: str, name: str) -> Iterator[Reference]:
    for line in lines:
        yield from _in_line(line.text, origin, _named_protocol(line.key) or _named_protocol(name))


def _in_line(text: str, origin: str, hint: str) -> Iterator[Reference]:
    for found in _ADDRESS.finditer(text):
        host, scheme = found["host"].lower().strip("[]").rstrip("."), (found["scheme"] or "").lower()
        port = int(found["port"]) if found["port"] else None
        if port is not None and not 1 <= port <= 65535:
            continue
        if port is None and not scheme and ".svc" not in host:
            continue
        if host.isdigit() or host in _NOT_NAMED:
            continue
        if port and not re.search(r"[a-z]", host) and host.count(".") != 3 and ":" not in host:
            continue
        protocol = (found["suffix"] or "").upper() or _of_scheme(scheme) or hint
        yield Reference(host, port or SCHEME_PORTS.get(scheme), scheme, origin, protocol)
    for beside in _BESIDE.finditer(text):
        if 1 <= int(beside[2]) <= 65535:
            yield Reference(beside[1], int(beside[2]), "", origin, hint, sure=False)


def _of_scheme(scheme: str) -> str:
    if not scheme or scheme == "dns":
        return ""
    return "UDP" if "udp" in scheme or scheme in _UDP_SCHEMES else "TCP"


def _named_protocol(name: str) -> str:
    """The protocol that a variable's name says, as in STATSD_UDP_ADDR."""
    words = re.split(r"[^A-Za-z]+", name.upper())
    return next((protocol for protocol in ("UDP", "TCP", "SCTP") if protocol in words), "")
