"""`page`, `restart`, `flows`, `graph`: the shop for scripts and terminals.

`page` is called in loops, so nothing is imported before the command that needs it.
"""

import argparse
import json
import sys
from typing import Any

from helpers.lab.errors import LabError

JAR = "cookies.json"


def main(name: str, argv: list[str]) -> int:
    """Run one of the commands; returns its exit status (0 fine, 1 failed, 2 bad input)."""
    command = {"page": _page, "restart": _restart, "flows": _flows, "graph": _graph}[name]
    try:
        return command(argv)
    except LabError as error:
        print(f"python -m helpers {name}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return 130


def _page(argv: list[str]) -> int:
    """Status 0 for a page below 400, 1 for an error page or none."""
    parser = _parser("page", "Fetch a page of the shop as a browser would; the cart is kept between calls.")
    parser.add_argument("path", metavar="PATH", help="such as /cart")
    parser.add_argument("--new-cart", action="store_true", help="come as a fresh visitor")
    parser.add_argument("--post", metavar="NAME=VALUE", action="append", default=[], help="post a form's field")
    _output(parser, "text", "json")
    options = parser.parse_args(argv)
    form = dict(field.partition("=")[::2] for field in options.post)
    found = _visit(options.path, form or None, new=options.new_cart)
    print(json.dumps(found.as_dict()) if options.output == "json" else repr(found))
    return 0 if found.ok else 1


def _visit(path: str, form: dict[str, str] | None, *, new: bool) -> Any:
    from helpers.lab.home import read_json, write_json
    from helpers.lab.shop.pages import Visitor

    known = {} if new else read_json(JAR)
    visitor = Visitor({str(key): str(value) for key, value in known.items()})
    found = visitor.fetch(_base(), path, form)
    if visitor.cookies != known:
        write_json(JAR, visitor.cookies)
    return found


def _base() -> str:
    """The shop's URL. The local cluster's is found without the code that reads kubeconfigs."""
    from helpers.lab.cluster import local

    if local.meant():
        found = local.shop_url()
        if found:
            return found
        raise LabError("no cluster runs, so there is no shop. Start it: python -m helpers up")
    from helpers.lab.shop.entrance import base_url

    return base_url()


def _restart(argv: list[str]) -> int:
    parser = _parser("restart", "Restart a Deployment and wait until its new pods are Ready and the old ones gone.")
    parser.add_argument("deployment", metavar="DEPLOYMENT", help="such as frontend")
    parser.add_argument("--timeout", type=float, default=120, metavar="SECONDS")
    options = parser.parse_args(argv)
    from helpers.lab.shop import rollout

    rollout.restart(options.deployment, options.timeout)
    return 0


def _flows(argv: list[str]) -> int:
    parser = _parser("flows", "List the connections that the cluster judged, oldest first.")
    parser.add_argument("--source", default="", help="only from this pod or workload")
    parser.add_argument("--target", default="", help="only to this pod or workload")
    parser.add_argument("--verdict", default="", choices=["allowed", "denied", "refused"])
    parser.add_argument("--last", type=int, default=0, metavar="N", help="only the newest N")
    _output(parser, "text", "json")
    options = parser.parse_args(argv)
    from helpers.lab.cluster import looking

    found = looking.flows(options.source, options.target, verdict=options.verdict, last=options.last)
    print(json.dumps(list(found)) if options.output == "json" else repr(found))
    return 0


def _graph(argv: list[str]) -> int:
    parser = _parser("graph", "Draw the shop's workloads, calls and policies as they are now.")
    parser.add_argument("--file", metavar="FILE", help="write here instead of to standard output")
    _output(parser, "svg", "png", "pdf", "dot")
    options = parser.parse_args(argv)
    from helpers.display.drawing.pictures import graph

    picture = graph()
    if options.output in ("png", "pdf"):
        content = picture.png() if options.output == "png" else picture.pdf()
    else:
        content = f"{picture.svg() if options.output == 'svg' else picture.source}\n".encode()
    if options.file:
        with open(options.file, "wb") as file:
            file.write(content)
    else:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    return 0


def _parser(name: str, text: str) -> argparse.ArgumentParser:
    return argparse.ArgumentParser(prog=f"python -m helpers {name}", description=text, allow_abbrev=False)


def _output(parser: argparse.ArgumentParser, *forms: str) -> None:
    parser.add_argument("-o", "--output", choices=forms, default=forms[0], help=f"{forms[0]} unless given")
