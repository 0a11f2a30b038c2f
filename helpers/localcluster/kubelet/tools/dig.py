"""dig: ask a DNS server, over UDP or TCP, and show its message."""

import time

from helpers.localcluster.kubelet.tools import options
from helpers.localcluster.kubelet.tools.options import Fault
from helpers.podnet import dialling, dns, names

KINDS = {"A": dns.TYPE_A, "AAAA": dns.TYPE_AAAA, "CNAME": dns.TYPE_CNAME, "NS": dns.TYPE_NS}
CODES = ("NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED")
BANNER = "; <<>> DiG 9.18 <<>>"
NO_ANSWER = 9
"""dig's exit status when no server replied."""


class Question:
    """What the command line asks for."""

    def __init__(self, arguments: list[str]) -> None:
        self.name, self.kind, self.server = ".", "A", ""
        self.short = self.search = self.tcp = False
        self.seconds, self.tries, self.port = 5.0, 3, names.PORT
        words = iter(arguments)
        for word in words:
            if word.startswith("@"):
                self.server = word[1:]
            elif word.startswith("+"):
                self._setting(word[1:])
            elif word in ("-t", "-p", "-q"):
                self._option(word, next(words, ""))
            elif word.upper() in KINDS or word.upper() == "IN":
                self.kind = word.upper() if word.upper() in KINDS else self.kind
            elif word.startswith("-"):
                raise Fault(1, f"dig: option {word} is unknown or not served here")
            else:
                self.name = word

    def _setting(self, word: str) -> None:
        name, _, value = word.partition("=")
        if name in ("short", "search", "tcp"):
            setattr(self, name, True)
        elif name in ("time", "timeout"):
            self.seconds = options.number("dig", value, least=0.01)
        elif name in ("tries", "retry"):
            self.tries = int(options.number("dig", value)) + (name == "retry") or 1

    def _option(self, word: str, value: str) -> None:
        if word == "-p":
            self.port = options.port("dig", value)
        elif word == "-q":
            self.name = value
        elif value.upper() in KINDS:
            self.kind = value.upper()
        else:
            raise Fault(1, f"dig: type {value} is not served here; there are {', '.join(KINDS)}")


def main(arguments: list[str]) -> int:
    """The exit status: 0 for any answer, 9 for none."""
    try:
        asked = Question(arguments)
        server = _server(asked.server)
        began = time.monotonic()
        try:
            message = _ask(asked, server)
        except (dialling.LookupTimedOut, dialling.Dropped):
            return _silent(asked, server, "timed out")
        except (dialling.Unreachable, dialling.Refused):
            return _silent(asked, server, "connection refused")
        except dialling.DialError as error:
            raise Fault(
                10,
                f"dig: '{asked.name}' is not a legal name"
                if isinstance(error, dialling.UnknownName)
                else f"dig: {error}",
            ) from None
    except Fault as fault:
        return options.ended(fault)
    print(_brief(message) if asked.short else _full(asked, message, server, (time.monotonic() - began) * 1000), end="")
    return 0


def _server(given: str) -> str:
    if not given:
        return names.server() or "127.0.0.1"
    try:
        found = names.resolve(given)
    except dialling.DialError:
        raise Fault(10, f"dig: couldn't get address for '{given}': not found") from None
    return found.addresses[0] if found.addresses else given


def _ask(asked: Question, server: str) -> dns.Message:
    candidates = list(names.search(asked.name)) if asked.search else [asked.name]
    if asked.tcp:
        return _ask_stream(asked, server, candidates)
    with names.Resolver(server, asked.port, asked.seconds * asked.tries, asked.tries) as resolver:
        for name in candidates:
            message = resolver.ask(name, KINDS[asked.kind])
            if message.code == dns.NO_ERROR:
                break
    return message


def _ask_stream(asked: Question, server: str, candidates: list[str]) -> dns.Message:
    with dialling.dial(server, asked.port, timeout=asked.seconds) as link, link.makefile("rb") as stream:
        link.settimeout(asked.seconds)
        for name in candidates:
            query = dns.question(int(time.time() * 1000) & 0xFFFF, name, KINDS[asked.kind])
            link.sendall(len(query).to_bytes(2, "big") + query)
            try:
                message = dns.read(stream.read(int.from_bytes(stream.read(2), "big")))
            except (TimeoutError, dns.Malformed):
                raise dialling.LookupTimedOut("lookup: i/o timeout") from None
            if message.code == dns.NO_ERROR:
                break
    return message


def _silent(asked: Question, server: str, why: str) -> int:
    line = f";; communications error to {server}#{asked.port}: {why}"
    print("\n".join([line] * asked.tries))
    print(f"\n{BANNER} {asked.name}\n;; global options: +cmd\n;; no servers could be reached")
    return NO_ANSWER


def _brief(message: dns.Message) -> str:
    return "".join(f"{_value(answer)}\n" for answer in message.answers)


def _full(asked: Question, message: dns.Message, server: str, milliseconds: float) -> str:
    status = CODES[message.code] if message.code < len(CODES) else str(message.code)
    flags = [
        name
        for bit, name in (
            (dns.RESPONSE, "qr"),
            (dns.AUTHORITATIVE, "aa"),
            (dns.RECURSION_DESIRED, "rd"),
            (dns.RECURSION_AVAILABLE, "ra"),
        )
        if message.flags & bit
    ]
    lines = [
        f"\n{BANNER} {asked.name}",
        ";; global options: +cmd",
        ";; Got answer:",
        f";; ->>HEADER<<- opcode: QUERY, status: {status}, id: {message.number}",
        f";; flags: {' '.join(flags)}; QUERY: 1, ANSWER: {len(message.answers)}, AUTHORITY: 0, ADDITIONAL: 0",
        "\n;; QUESTION SECTION:",
        f";{message.name}.\t\tIN\t{asked.kind}",
    ]
    if message.answers:
        lines.append("\n;; ANSWER SECTION:")
    for answer in message.answers:
        kind = next((name for name, number in KINDS.items() if number == answer.kind), str(answer.kind))
        lines.append(f"{answer.name}.\t{answer.ttl}\tIN\t{kind}\t{_value(answer)}")
    lines += [
        f"\n;; Query time: {milliseconds:.0f} msec",
        f";; SERVER: {server}#{asked.port}({server}) ({'TCP' if asked.tcp else 'UDP'})",
        "",
    ]
    return "\n".join(lines) + "\n"


def _value(answer: dns.Answer) -> str:
    return f"{answer.value}." if answer.kind in (dns.TYPE_CNAME, dns.TYPE_NS) else answer.value
