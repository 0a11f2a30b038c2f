"""Images that answer with what they were asked: httpbin, echo servers, http-echo, hello-app, app-on-two-ports."""

import json
import os
from urllib.parse import parse_qs

from helpers.localcluster.kubelet.images.webserver import Request, Response, run_http
from helpers.podnet import places

LONGEST_DELAY = 10.0


def httpbin(arguments: list[str]) -> int:
    """/get, /post, /anything, /headers, /ip, /user-agent, /status/CODE, /delay/SECONDS, on the given port or PORT."""
    port = _port("PORT", _given(arguments, 80))
    return run_http([(port, _httpbin)], _log, f"httpbin (stand-in) listens on port {port}")


def _httpbin(request: Request) -> Response:
    head, _, rest = request.path.strip("/").partition("/")
    facts = {
        "args": request.query,
        "headers": {name.title(): value for name, value in request.headers.items()},
        "origin": request.client[0],
        "url": f"http://{request.headers.get('host', '')}{request.path}",
    }
    if head in ("get", "headers", "ip", "user-agent") and request.method not in ("GET", "HEAD"):
        return Response("Method Not Allowed\n", 405)
    if head in ("post", "put", "patch", "delete", "anything"):
        text = request.body.decode(errors="replace")
        form = {name: values[-1] for name, values in parse_qs(text).items()}
        return Response.of_json({**facts, "method": request.method, "data": text, "form": form, "json": _json(text)})
    if head == "status" and rest.isdigit() and 200 <= int(rest) < 600:
        return Response("", int(rest))
    if head == "delay" and rest.replace(".", "", 1).isdigit():
        return Response.of_json(facts, pause=min(float(rest), LONGEST_DELAY))
    answers: dict[str, object] = {
        "get": facts,
        "headers": {"headers": facts["headers"]},
        "ip": {"origin": facts["origin"]},
        "user-agent": {"user-agent": request.headers.get("user-agent", "")},
        "": "httpbin, as this lab's cluster plays it",
    }
    return Response.of_json(answers[head]) if head in answers else Response("Not Found\n", 404)


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return None


def echo_server(arguments: list[str]) -> int:
    """Says who was asked, and what: on the given port, or PORT (HTTP_PORT)."""
    port = _port("PORT", _port("HTTP_PORT", _given(arguments, 8080)))
    return run_http([(port, _echo)], _log, f"Echo server listening on port {port}")


def _echo(request: Request) -> Response:
    headers = "".join(f"\t{name}={value}\n" for name, value in sorted(request.headers.items()))
    body = request.body.decode(errors="replace") or "-no body in request-"
    return Response(
        f"\n\nHostname: {places.hostname()}\n\nPod Information:\n\tpod name:\t{places.hostname()}\n"
        f"\tpod IP:\t{places.address()}\n\nRequest Information:\n\tclient_address={request.client[0]}\n"
        f"\tmethod={request.method}\n\treal path={request.path}\n\nRequest Headers:\n{headers}\n"
        f"Request Body:\n\t{body}\n\n"
    )


def http_echo(arguments: list[str]) -> int:
    """Answers every request with the text of -text, on the port of -listen (5678)."""
    text, port = os.environ.get("ECHO_TEXT", "hello-world"), 5678
    words = iter(arguments)
    for word in words:
        name, equals, value = word.lstrip("-").partition("=")
        value = value if equals else next(words, "")
        if name == "text":
            text = value
        elif name == "listen" and value.rpartition(":")[2].isdigit():
            port = int(value.rpartition(":")[2])
    return run_http([(port, lambda request: Response(f"{text}\n"))], _log, f"server is listening on :{port}")


def hello_app(arguments: list[str]) -> int:
    """Google's sample application, on port 8080 or PORT."""
    port = _port("PORT", 8080)
    text = f"Hello, world!\nVersion: 1.0.0\nHostname: {places.hostname()}\n"
    return run_http([(port, lambda request: Response(text))], _log, f"Server listening on port {port}")


def multitool(arguments: list[str]) -> int:
    """The web server inside an image of network tools: port 80, or HTTP_PORT."""
    port = _port("HTTP_PORT", 80)
    text = f"Network MultiTool (stand-in) - {places.hostname()} - {places.address()} - HTTP: {port}\n"
    return run_http([(port, lambda request: Response(text))], _log, f"listening on port {port}")


def two_ports(arguments: list[str]) -> int:
    """An application on port 8000 and its metrics on port 5000."""
    counted = {"requests": 0}

    def application(request: Request) -> Response:
        counted["requests"] += 1
        return Response("Hello from HTTP server.\n")

    def metrics(request: Request) -> Response:
        found = request.path == "/metrics"
        return Response(
            f"http.requests={counted['requests']}\n" if found else "404 page not found\n", 200 if found else 404
        )

    return run_http([(8000, application), (5000, metrics)], _log, "listening on :8000 and :5000")


def _given(arguments: list[str], default: int) -> int:
    """The port that the image's own arguments name."""
    return int(arguments[0]) if arguments and arguments[0].isdigit() else default


def _port(variable: str, default: int) -> int:
    text = os.environ.get(variable, "").rpartition(":")[2]
    return int(text) if text.isdigit() and 0 < int(text) < 65536 else default


def _log(request: Request, response: Response) -> None:
    print(f'{request.client[0] or "-"} "{request.line}" {response.status}', flush=True)
