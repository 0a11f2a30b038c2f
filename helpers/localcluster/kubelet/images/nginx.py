"""The images `nginx` and `httpd`: their first page and their log, and what a mounted ConfigMap changes.

A ConfigMap mounted at /usr/share/nginx/html (Apache: /usr/local/apache2/htdocs) replaces the pages. One at
/etc/nginx/conf.d, or for /etc/nginx/nginx.conf itself, says with `listen` which port is served and with `return` what
is answered; other directives have no meaning here, which the log says.
"""

import os
import re
import time
from dataclasses import dataclass
from pathlib import Path

from helpers.localcluster.kubelet.images.webserver import HTML, TEXT, Handler, Request, Response, run_http, title

NGINX_PAGES, APACHE_PAGES = "usr/share/nginx/html", "usr/local/apache2/htdocs"
CONFIGURATIONS = ("etc/nginx/conf.d", "etc/nginx/nginx.conf", "etc/nginx/http.d")
TYPES = {
    ".html": HTML,
    ".htm": HTML,
    ".json": "application/json",
    ".css": "text/css",
    ".js": "text/javascript",
    ".txt": "text/plain",
    "": "application/octet-stream",
}
WELCOME = """<!DOCTYPE html>
<html>
<head><title>Welcome to nginx!</title></head>
<body>
<h1>Welcome to nginx!</h1>
<p>This page comes from a pod of the lab's cluster, where a small program stands in for nginx.
If you can read it, no network policy stands between you and this pod.</p>
</body>
</html>
"""
IT_WORKS = "<html><body><h1>It works!</h1></body></html>\n"


@dataclass(frozen=True)
class Site:
    """What one `server` block asks for."""

    port: int
    status: int = 0
    text: str = ""


def main(arguments: list[str]) -> int:
    """nginx until SIGTERM. The first argument may be the port where no configuration names one; others mean nothing."""
    port = int(arguments[0]) if arguments and arguments[0].isdigit() else 80
    sites = _configured() or [Site(port)]
    servers = [(site.port, _handler(site, NGINX_PAGES, WELCOME, "nginx/1.29.3")) for site in sites]
    ports = ", ".join(str(site.port) for site in sites)
    now = time.strftime("%Y/%m/%d %H:%M:%S")
    return run_http(servers, _log, f"{now} [notice] 1#1: nginx/1.29.3 (stand-in) on port {ports}")


def httpd(arguments: list[str]) -> int:
    """Apache until SIGTERM."""
    handler = _handler(Site(80), APACHE_PAGES, IT_WORKS, "Apache/2.4.65 (Unix)")
    return run_http([(80, handler)], _log, "AH00094: Command line: 'httpd -D FOREGROUND'")


def mounts() -> Path:
    """Where this container's mounted files are."""
    return Path(os.environ.get("MOUNTS") or "/nowhere")


def _configured() -> list[Site]:
    sites: dict[int, Site] = {}
    for place in CONFIGURATIONS:
        path = mounts() / place
        files = sorted(path.glob("*.conf")) if path.is_dir() else [path] if path.is_file() else []
        for site in (site for file in files for site in sites_of(file.read_text("utf-8", errors="replace"))):
            sites.setdefault(site.port, site)
    return list(sites.values())


def sites_of(text: str) -> list[Site]:
    """The servers of a configuration: `listen` and `return` are read."""
    text = re.sub(r"#[^\n]*", "", text)
    found = []
    for block in re.split(r"\bserver\s*\{", text)[1:]:
        ports = [int(number) for number in re.findall(r"\blisten\s+(?:[\w.*\[\]:]*:)?(\d+)[^;]*;", block)]
        answer = re.search(r"\breturn\s+(\d{3})(?:\s+(?:\"([^\"]*)\"|'([^']*)'|([^;\s]+)))?\s*;", block)
        status, words = (int(answer[1]), answer[2] or answer[3] or answer[4] or "") if answer else (0, "")
        found += [
            Site(port, status, words.replace("\\n", "\n")) for port in dict.fromkeys(ports or [80]) if 0 < port < 65536
        ]
    return found


def _handler(site: Site, pages: str, first: str, server: str) -> Handler:
    headers = (f"Server: {server}",)

    def answer(request: Request) -> Response:
        if request.method not in ("GET", "HEAD") and not site.status:
            return _error(405, server)
        if site.status:
            return Response(site.text, site.status, TEXT, headers)
        path = request.path + "index.html" if request.path.endswith("/") else request.path
        folder = mounts() / pages
        if not folder.is_dir():
            return Response(first, 200, HTML, headers) if path == "/index.html" else _error(404, server)
        file = (folder / path.lstrip("/")).resolve()
        if not file.is_relative_to(folder.resolve()) or not file.is_file():
            return _error(403 if request.path.endswith("/") else 404, server)
        return Response(file.read_text("utf-8", errors="replace"), 200, TYPES.get(file.suffix, TYPES[""]), headers)

    return answer


def _error(status: int, server: str) -> Response:
    name = f"{status} {title(status)}"
    return Response(
        f"<html>\r\n<head><title>{name}</title></head>\r\n<body>\r\n<center><h1>{name}</h1></center>\r\n"
        f"<hr><center>{server}</center>\r\n</body>\r\n</html>\r\n",
        status,
        HTML,
        (f"Server: {server}",),
    )


def _log(request: Request, response: Response) -> None:
    """The combined format of access logs."""
    when = time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime())
    agent = request.headers.get("user-agent", "-")
    size = len(response.text.encode())
    print(
        f'{request.client[0] or "-"} - - [{when}] "{request.line}" {response.status} {size} "-" "{agent}" "-"',
        flush=True,
    )
