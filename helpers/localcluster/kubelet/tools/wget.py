"""BusyBox's wget: fetch a page over HTTP, within a time."""

import os
import socket
import sys
import time
from dataclasses import dataclass, field

from helpers.localcluster.kubelet.tools import options
from helpers.localcluster.kubelet.tools.http import Answer, Broken, Reader, Url, answer, request
from helpers.localcluster.kubelet.tools.options import Fault
from helpers.podnet import dialling, names

USAGE = "Usage: wget [-q] [-O FILE] [-T SEC] [--spider] [--header STR] [--post-data STR] [-U AGENT] [-P DIR] URL..."
SHORT = "cqST:O:o:P:U:Y:t:"
LONG = (
    "continue",
    "quiet",
    "server-response",
    "timeout=",
    "output-document=",
    "output-file=",
    "directory-prefix=",
    "user-agent=",
    "proxy=",
    "tries=",
    "spider",
    "header=",
    "post-data=",
    "no-check-certificate",
    "no-verbose",
)
PATIENCE = 900.0
"""Seconds that BusyBox waits for a server if nobody says otherwise; the system gives up connecting sooner."""
MOST_REDIRECTS = 10


@dataclass
class Wish:
    """What the command line asks for."""

    quiet: bool = False
    spider: bool = False
    show_headers: bool = False
    output: str = ""
    prefix: str = ""
    seconds: float = PATIENCE
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes | None = None
    agent: str = "Wget"

    def say(self, text: str) -> None:
        """A line on stderr, unless -q."""
        if not self.quiet:
            print(text, file=sys.stderr, flush=True)


def main(arguments: list[str]) -> int:
    """The exit status: 0, or 1 if a page didn't come."""
    try:
        wish, urls = _read(arguments)
        for url in urls:
            _fetch(wish, url)
    except Fault as fault:
        return options.ended(fault)
    return 0


def _read(arguments: list[str]) -> tuple[Wish, list[str]]:
    wish = Wish()
    given, urls = options.read("wget", arguments, SHORT, LONG, usage=USAGE)
    for name, value in given:
        if name in ("-q", "--quiet", "--no-verbose"):
            wish.quiet = True
        elif name == "--spider":
            wish.spider = True
        elif name in ("-S", "--server-response"):
            wish.show_headers = True
        elif name in ("-O", "--output-document"):
            wish.output = value
        elif name in ("-P", "--directory-prefix"):
            wish.prefix = value
        elif name in ("-T", "--timeout"):
            wish.seconds = options.number("wget", value) or PATIENCE
        elif name in ("-U", "--user-agent"):
            wish.agent = value
        elif name == "--header":
            key, _, text = value.partition(":")
            wish.headers.append((key.strip(), text.strip()))
        elif name == "--post-data":
            wish.body = value.encode()
    if not urls:
        raise Fault(1, USAGE)
    return wish, urls


def _fetch(wish: Wish, text: str) -> None:
    url = _url(text)
    for _ in range(MOST_REDIRECTS):
        with _connect(wish, url) as link:
            found = _ask(wish, url, link)
            if found.status in (301, 302, 303, 307, 308) and "location" in found.headers:
                url = _url(found.headers["location"], url)
                continue
            if not 200 <= found.status < 300:
                raise Fault(1, f"wget: server returned error: {found.line}")
            if wish.spider:
                wish.say("remote file exists")
            else:
                _save(wish, url, found)
            return
    raise Fault(1, "wget: too many redirections")


def _url(text: str, base: Url | None = None) -> Url:
    try:
        url = base.join(text) if base else Url.read(text)
    except ValueError:
        raise Fault(1, f"wget: bad address '{text}'") from None
    if url.scheme == "https":
        raise Fault(1, f"wget: {url.host}: TLS is not spoken by the programs of this lab's cluster; try http://")
    if url.scheme != "http":
        raise Fault(1, f"wget: not an http or ftp url: {text}")
    return url


def _connect(wish: Wish, url: Url) -> socket.socket:
    try:
        found = names.resolve(url.host)
    except dialling.NoNetwork as error:
        raise Fault(1, f"wget: {error}") from None
    except dialling.DialError:
        raise Fault(1, f"wget: bad address '{url.shown}'") from None
    if not found.addresses:
        raise Fault(1, f"wget: bad address '{url.shown}'")
    address = found.addresses[0]
    wish.say(f"Connecting to {url.shown} ({address}:{url.port})")
    try:
        return dialling.dial(address, url.port, timeout=min(wish.seconds, dialling.NEVER))
    except dialling.Dropped:
        if wish.seconds < dialling.NEVER:
            raise Fault(1, "wget: download timed out") from None
        raise Fault(1, f"wget: can't connect to remote host ({address}): Connection timed out") from None
    except dialling.Refused:
        raise Fault(1, f"wget: can't connect to remote host ({address}): Connection refused") from None
    except dialling.Unreachable:
        raise Fault(1, f"wget: can't connect to remote host ({address}): No route to host") from None
    except dialling.DialError as error:
        raise Fault(1, f"wget: {error}") from None


def _ask(wish: Wish, url: Url, link: socket.socket) -> Answer:
    method = "HEAD" if wish.spider else "GET" if wish.body is None else "POST"
    headers = [("Host", url.shown), ("User-Agent", wish.agent), ("Connection", "close"), *wish.headers]
    if wish.body is not None:
        headers += [("Content-Type", "application/x-www-form-urlencoded"), ("Content-Length", str(len(wish.body)))]
    try:
        link.sendall(request(method, url, headers, wish.body or b""))
        found = answer(Reader(link, None, wish.seconds), method)
    except TimeoutError:
        raise Fault(1, "wget: download timed out") from None
    except (Broken, OSError):
        raise Fault(1, "wget: error getting response") from None
    if wish.show_headers:
        print("\n".join(f"  {line}" for line in found.head.split("\r\n")), file=sys.stderr)
    return found


def _save(wish: Wish, url: Url, found: Answer) -> None:
    name = wish.output or url.target.partition("?")[0].rpartition("/")[2] or "index.html"
    path = name if wish.output else os.path.join(wish.prefix, name)
    if path == "-":
        wish.say("writing to stdout")
        _copy(wish, name, found, sys.stdout.fileno())
        wish.say("written to stdout")
        return
    try:
        into = os.open(path, os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if wish.output else os.O_EXCL), 0o666)
    except OSError as error:
        raise Fault(1, f"wget: can't open '{path}': {error.strerror}") from None
    try:
        wish.say(f"saving to '{path}'")
        _copy(wish, name, found, into)
        wish.say(f"'{path}' saved")
    finally:
        os.close(into)


def _copy(wish: Wish, name: str, found: Answer, into: int) -> None:
    size, began = 0, time.monotonic()
    try:
        for piece in found.body():
            size += len(piece)
            while piece:
                piece = piece[os.write(into, piece) :]
    except TimeoutError:
        raise Fault(1, "wget: download timed out") from None
    except Broken:
        raise Fault(1, "wget: connection closed prematurely") from None
    except OSError as error:
        raise Fault(1, f"wget: {error.strerror}") from None
    seconds = int(time.monotonic() - began)
    wish.say(f"{name:<20.20} 100% |{'*' * 32}| {_short(size):>5}  0:{seconds // 60:02d}:{seconds % 60:02d} ETA")


def _short(size: int) -> str:
    for unit in ("", "k", "M"):
        if size < 100_000:
            return f"{size}{unit}"
        size //= 1024
    return f"{size}G"
