"""BusyBox's nslookup: ask the cluster's DNS, or another server, for a name."""

import sys

from helpers.localcluster.kubelet.tools import options
from helpers.localcluster.kubelet.tools.options import Fault
from helpers.podnet import dialling, dns, names

USAGE = "Usage: nslookup [-type=A|AAAA] [-timeout=SEC] [-retry=N] HOST [DNS_SERVER]"
TYPES = {"a": dns.TYPE_A, "aaaa": dns.TYPE_AAAA, "cname": dns.TYPE_CNAME, "any": dns.TYPE_A}
SILENCE = ";; connection timed out; no servers could be reached\n"


def main(arguments: list[str]) -> int:
    """The exit status: 0, or 1 if nothing was found."""
    try:
        return _run(arguments)
    except Fault as fault:
        return options.ended(fault)


def _run(arguments: list[str]) -> int:
    words = [word for word in arguments if not word.startswith("-")]
    kind, seconds, tries = _settings([word for word in arguments if word.startswith("-")])
    if not 0 < len(words) < 3:
        raise Fault(1, USAGE)
    server = _server(words[1] if len(words) > 1 else "")
    try:
        with names.Resolver(server, timeout=seconds, tries=tries) as resolver:
            return _look_up(resolver, server, words[0], kind)
    except (dialling.LookupTimedOut, dialling.Unreachable):
        print(SILENCE)
    except dialling.UnknownName:
        print(f"** server can't find {words[0]}: NXDOMAIN\n")
    except dialling.DialError as error:
        raise Fault(1, f"nslookup: {error}") from None
    return 1


def _settings(given: list[str]) -> tuple[int, float, int]:
    kind, seconds, tries = dns.TYPE_A, names.SECONDS, 2
    for word in given:
        name, _, value = word.lstrip("-").partition("=")
        if name in ("type", "query", "querytype") and value.lower() in TYPES:
            kind = TYPES[value.lower()]
        elif name == "timeout":
            seconds = options.number("nslookup", value, least=0.01)
        elif name == "retry":
            tries = max(1, int(options.number("nslookup", value)))
        elif name != "debug":
            raise Fault(1, f"nslookup: option {word} is unknown or not served here\n{USAGE}")
    return kind, seconds, tries


def _server(given: str) -> str:
    try:
        found = names.resolve(given) if given else None
    except dialling.DialError:
        raise Fault(1, f"nslookup: bad address '{given}'") from None
    server = found.addresses[0] if found and found.addresses else names.server()
    if not server:
        raise Fault(1, "nslookup: this process has no way to the cluster's DNS (NAMESERVER is not set)")
    return server


def _look_up(resolver: names.Resolver, server: str, name: str, kind: int) -> int:
    for full in names.search(name):
        message = resolver.ask(full, kind)
        if message.code == dns.NO_ERROR:
            break
    print(f"Server:\t\t{server}\nAddress:\t{server}:{names.PORT}\n")
    if message.code != dns.NO_ERROR:
        shown = name if message.code == dns.NAME_ERROR else full
        print(f"** server can't find {shown}: {_reason(message.code)}\n")
        return 1
    for answer in message.answers:
        print(f"Name:\t{answer.name}\nAddress: {answer.value}")
    if not message.answers:
        print(f"*** Can't find {full}: No answer")
    print()
    sys.stdout.flush()
    return 0 if message.answers else 1


def _reason(code: int) -> str:
    return {
        dns.NAME_ERROR: "NXDOMAIN",
        dns.SERVER_FAILURE: "SERVFAIL",
        dns.REFUSED: "REFUSED",
        dns.NOT_IMPLEMENTED: "NOTIMP",
        dns.FORMAT_ERROR: "FORMERR",
    }.get(code, str(code))
