"""curl: fetch a page, or fail with the status that scripts look at."""

import os
import socket
import sys
import time
from dataclasses import dataclass, field

from helpers.localcluster.kubelet.tools import options
from helpers.localcluster.kubelet.tools.http import Answer, Broken, Empty, Reader, Url, answer, request
from helpers.localcluster.kubelet.tools.options import Fault
from helpers.podnet import dialling, names

SHORT = "sSfm:o:OIw:vkLX:H:d:iGA:u:e:x:4qT:Nb:#Vh"
LONG = (
    "silent",
    "show-error",
    "fail",
    "max-time=",
    "connect-timeout=",
    "output=",
    "remote-name",
    "head",
    "write-out=",
    "verbose",
    "insecure",
    "location",
    "request=",
    "header=",
    "data=",
    "data-raw=",
    "include",
    "get",
    "user-agent=",
    "user=",
    "referer=",
    "proxy=",
    "noproxy=",
    "ipv4",
    "retry=",
    "retry-delay=",
    "no-progress-meter",
    "http1.1",
    "compressed",
    "no-buffer",
    "version",
    "help",
    "fail-with-body",
    "resolve=",
    "interface=",
)
LETTERS = {
    "-s": "silent",
    "-S": "show-error",
    "-f": "fail",
    "-m": "max-time",
    "-o": "output",
    "-O": "remote-name",
    "-I": "head",
    "-w": "write-out",
    "-v": "verbose",
    "-L": "location",
    "-X": "request",
    "-H": "header",
    "-d": "data",
    "-i": "include",
    "-G": "get",
    "-A": "user-agent",
    "-x": "proxy",
    "-V": "version",
    "-h": "help",
}
COULD_NOT_RESOLVE, COULD_NOT_CONNECT, HTTP_ERROR, TIMED_OUT, EMPTY, RECEIVE = 6, 7, 22, 28, 52, 56
CONNECT_SECONDS = 300.0
AGENT = "curl/8.15.0"
METER = (
    "  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current\n"
    "                                 Dload  Upload   Total   Spent    Left  Speed"
)


@dataclass
class Wish:
    """What the command line asks for, and how far it has come."""

    flags: dict[str, str] = field(default_factory=dict)
    headers: list[tuple[str, str]] = field(default_factory=list)
    data: list[str] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)
    facts: dict[str, str] = field(default_factory=dict)

    def seconds(self, name: str) -> float | None:
        """The value of an option that is a time."""
        try:
            return options.number("curl", self.flags[name]) or None if name in self.flags else None
        except Fault:
            raise Fault(2, f"curl: option --{name}: expected a proper numerical parameter") from None

    @property
    def elapsed(self) -> int:
        """Milliseconds since the beginning."""
        return int((time.monotonic() - self.began) * 1000)

    @property
    def left(self) -> float | None:
        """Seconds until --max-time is over."""
        limit = self.seconds("max-time")
        return None if limit is None else max(0.001, self.began + limit - time.monotonic())


def main(arguments: list[str]) -> int:
    """curl's exit status."""
    wish = Wish()
    try:
        urls = _read(wish, arguments)
        if "version" in wish.flags:
            print("curl 8.15.0 (as this lab's cluster plays it)\nProtocols: http telnet")
            return 0
        if not urls:
            raise Fault(2, "curl: try 'curl --help' for more information")
    except Fault as fault:
        return options.ended(fault)
    return max([_one(wish, url) for url in urls])


def _read(wish: Wish, arguments: list[str]) -> list[str]:
    given, urls = options.read(
        "curl", arguments, SHORT, LONG, status=2, usage="curl: try 'curl --help' for more information"
    )
    for name, value in given:
        word = LETTERS.get(name, name.lstrip("-"))
        if word == "header":
            key, _, text = value.partition(":")
            wish.headers.append((key.strip(), text.strip()))
        elif word in ("data", "data-raw"):
            wish.data.append(value)
        else:
            wish.flags[word] = value
    return urls


def _one(wish: Wish, url: str) -> int:
    """One transfer, with what is said about it afterwards."""
    wish.began, wish.facts = time.monotonic(), {"http_code": "000", "url": url}
    status, text = 0, ""
    try:
        _transfer(wish, url)
    except Fault as fault:
        status, text = fault.status, str(fault)
        if "silent" not in wish.flags or "show-error" in wish.flags:
            print(f"curl: ({status}) {text}", file=sys.stderr, flush=True)
    if {"noproxy", "proxy", "interface"} & wish.flags.keys():
        print(
            "curl: a pod of this lab has no way past the pod network: --noproxy, --proxy and --interface are ignored",
            file=sys.stderr,
            flush=True,
        )
    if "write-out" in wish.flags:
        _write_out(wish, status, text)
    return status


def _transfer(wish: Wish, text: str) -> None:
    try:
        url = Url.read(text)
    except ValueError:
        raise Fault(3, "URL rejected: Malformed input to a URL function") from None
    for _ in range(50):
        if url.scheme not in ("http", "telnet"):
            known = "TLS is not spoken by the programs of this lab's cluster; try http://"
            raise Fault(
                35 if url.scheme == "https" else 1,
                known if url.scheme == "https" else f'Protocol "{url.scheme}" not supported',
            )
        with _connect(wish, url) as link:
            if url.scheme == "telnet":
                return _telnet(wish, link)
            found = _ask(wish, url, link)
            if "location" in wish.flags and found.status in (301, 302, 303, 307, 308) and "location" in found.headers:
                url = url.join(found.headers["location"])
                continue
            return _take(wish, found, url)
    raise Fault(47, "Maximum (50) redirects followed")


def _connect(wish: Wish, url: Url) -> socket.socket:
    limits = [value for value in (wish.seconds("connect-timeout"), wish.left) if value is not None]
    wait = min(limits, default=None)
    address = _resolve(url.host, wait)
    wish.facts |= {"remote_ip": address, "remote_port": str(url.port), "time_namelookup": _time(wish)}
    _verbose(wish, f"*   Trying {address}:{url.port}...")
    try:
        rest = None if wait is None else max(0.001, wait - wish.elapsed / 1000)
        link = dialling.dial(address, url.port, timeout=min(rest or CONNECT_SECONDS, dialling.NEVER))
    except dialling.Dropped:
        why = f"after {wish.elapsed} milliseconds" if wait else "Couldn't connect to server"
        raise Fault(
            TIMED_OUT,
            f"Connection timed out {why}"
            if wait
            else f"Failed to connect to {url.host} port {url.port} after {wish.elapsed} ms: {why}",
        ) from None
    except dialling.NoNetwork as error:
        raise Fault(COULD_NOT_CONNECT, str(error)) from None
    except dialling.DialError as error:
        _verbose(wish, f"* connect to {address} port {url.port} failed: {_capital(error)}")
        raise Fault(
            COULD_NOT_CONNECT,
            f"Failed to connect to {url.host} port {url.port} after {wish.elapsed} ms: Couldn't connect to server",
        ) from None
    wish.facts["time_connect"] = _time(wish)
    _verbose(wish, f"* Connected to {url.host} ({address}) port {url.port}")
    return link


def _resolve(host: str, wait: float | None) -> str:
    began = time.monotonic()
    try:
        found = names.resolve(host, min(names.SECONDS, wait or names.SECONDS))
    except dialling.NoNetwork as error:
        raise Fault(COULD_NOT_CONNECT, str(error)) from None
    except dialling.LookupTimedOut:
        if wait is not None and wait <= names.SECONDS:
            passed = int((time.monotonic() - began) * 1000)
            raise Fault(TIMED_OUT, f"Resolving timed out after {passed} milliseconds") from None
        raise Fault(COULD_NOT_RESOLVE, f"Could not resolve host: {host}") from None
    except dialling.DialError:
        raise Fault(COULD_NOT_RESOLVE, f"Could not resolve host: {host}") from None
    if not found.addresses:
        raise Fault(COULD_NOT_RESOLVE, f"Could not resolve host: {host}")
    return found.addresses[0]


def _ask(wish: Wish, url: Url, link: socket.socket) -> Answer:
    body = "&".join(wish.data).encode()
    method = wish.flags.get("request") or (
        "HEAD" if "head" in wish.flags else "POST" if wish.data and "get" not in wish.flags else "GET"
    )
    if "get" in wish.flags and body:
        mark = "&" if "?" in url.target else "?"
        url = Url(url.scheme, url.host, url.port, f"{url.target}{mark}{body.decode()}", url.shown)
        body = b""
    given = {name.lower() for name, _ in wish.headers}
    usual = [
        ("Host", url.shown),
        ("User-Agent", wish.flags.get("user-agent", AGENT)),
        ("Accept", "*/*"),
        ("Connection", "close"),
    ]
    if body:
        usual += [("Content-Type", "application/x-www-form-urlencoded"), ("Content-Length", str(len(body)))]
    message = request(method, url, [*(pair for pair in usual if pair[0].lower() not in given), *wish.headers], body)
    _verbose(wish, "\n".join(f"> {line}" for line in message.partition(b"\r\n\r\n")[0].decode().split("\r\n")) + "\n>")
    try:
        link.settimeout(wish.left)
        link.sendall(message)
        found = answer(_reader(wish, link), method)
    except TimeoutError:
        raise _late(wish, 0) from None
    except Empty:
        raise Fault(EMPTY, "Empty reply from server") from None
    except Broken:
        raise Fault(1, "Received HTTP/0.9 when not allowed") from None
    except OSError as error:
        raise Fault(RECEIVE, f"Recv failure: {error.strerror or error}") from None
    _verbose(wish, "\n".join(f"< {line}" for line in found.head.split("\r\n")) + "\n<")
    wish.facts |= {
        "http_code": f"{found.status:03d}",
        "time_starttransfer": _time(wish),
        "content_type": found.headers.get("content-type", ""),
    }
    return found


def _reader(wish: Wish, link: socket.socket) -> Reader:
    left = wish.left
    return Reader(link, None if left is None else time.monotonic() + left)


def _take(wish: Wish, found: Answer, url: Url) -> None:
    if "fail" in wish.flags and found.status >= 400:
        raise Fault(HTTP_ERROR, f"The requested URL returned error: {found.status}")
    path = wish.flags.get("output") or (
        url.target.rpartition("/")[2] or "curl_response" if "remote-name" in wish.flags else "-"
    )
    into = 1 if path == "-" else _open(path)
    size = 0
    try:
        if "include" in wish.flags or "head" in wish.flags:
            _write(into, f"{found.head}\r\n\r\n".encode("latin-1"))
        for piece in found.body():
            _write(into, piece)
            size += len(piece)
    except TimeoutError:
        raise _late(wish, size) from None
    except Broken as error:
        raise Fault(
            18, f"end of response with {str(error).split()[-4] if ' bytes ' in str(error) else 'some'} bytes missing"
        ) from None
    finally:
        wish.facts["size_download"] = str(size)
        if into != 1:
            os.close(into)
    if (into != 1 or not os.isatty(1)) and not {"silent", "no-progress-meter"} & wish.flags.keys():
        rate = int(size / max(wish.elapsed / 1000, 0.001))
        print(
            f"{METER}\n100 {size:5d}  100 {size:5d}    0     0 {rate:6d}      0 --:--:-- --:--:-- --:--:-- {rate:5d}",
            file=sys.stderr,
            flush=True,
        )
    if "fail-with-body" in wish.flags and found.status >= 400:
        raise Fault(HTTP_ERROR, f"The requested URL returned error: {found.status}")


def _telnet(wish: Wish, link: socket.socket) -> None:
    """What telnet:// shows: everything that the server says."""
    link.settimeout(wish.left)
    try:
        while data := link.recv(65536):
            _write(1, data)
    except TimeoutError:
        raise _late(wish, 0) from None


def _late(wish: Wish, size: int) -> Fault:
    return Fault(TIMED_OUT, f"Operation timed out after {wish.elapsed} milliseconds with {size} bytes received")


def _open(path: str) -> int:
    try:
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
    except OSError as error:
        raise Fault(23, f"Failed to open the file {path}: {error.strerror}") from None


def _write(into: int, data: bytes) -> None:
    try:
        while data:
            data = data[os.write(into, data) :]
    except OSError:
        raise Fault(23, "Failure writing output to destination") from None


def _write_out(wish: Wish, status: int, text: str) -> None:
    facts = {
        "response_code": wish.facts["http_code"],
        "time_total": _time(wish),
        "exitcode": str(status),
        "errormsg": text,
        "num_connects": "1",
        **wish.facts,
    }
    shown = wish.flags["write-out"].replace("\\n", "\n").replace("\\t", "\t")
    for name in sorted(facts, key=len, reverse=True):
        shown = shown.replace("%{" + name + "}", facts[name])
    for name in ("time_connect", "time_namelookup", "time_starttransfer", "size_download"):
        shown = shown.replace("%{" + name + "}", "0.000000" if name.startswith("time") else "0")
    for name in ("remote_ip", "remote_port", "content_type"):
        shown = shown.replace("%{" + name + "}", "")
    sys.stdout.write(shown)
    sys.stdout.flush()


def _time(wish: Wish) -> str:
    return f"{time.monotonic() - wish.began:.6f}"


def _verbose(wish: Wish, text: str) -> None:
    if "verbose" in wish.flags:
        print(text, file=sys.stderr, flush=True)


def _capital(error: Exception) -> str:
    text = str(error)
    return text[:1].upper() + text[1:]
