"""`python -m helpers matrix | can | explain | diff | lint | suggest | report`: what policies mean.

Exit status: 0 allowed, clean or the same; 1 denied, findings or a difference; 2 bad input.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable

from helpers.cli.policy_input import BadInput, add_source, from_options, report
from helpers.policies.names import NotFound
from helpers.policies.wording import clean_line
from helpers.policies.world import World

Command = Callable[[list[str]], int]


def main(name: str, argv: list[str]) -> int:
    """Run one of these commands; returns the exit status."""
    command: Command = {
        "matrix": _matrix,
        "can": _can,
        "explain": _explain,
        "diff": _diff,
        "lint": _lint,
        "suggest": _suggest,
        "report": _report,
    }[name]
    try:
        status = command(argv)
        sys.stdout.flush()
        return status
    except (BadInput, NotFound) as error:
        print(f"python -m helpers {name}: {clean_line(str(error))}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        print(f"\npython -m helpers {name}: interrupted", file=sys.stderr)
        return 130


def _parser(name: str, text: str, forms: tuple[str, ...] = ()) -> argparse.ArgumentParser:
    """A parser of the source, and of the form of the answer where there are several."""
    parser = argparse.ArgumentParser(prog=f"python -m helpers {name}", description=text)
    add_source(parser)
    if forms:
        parser.add_argument("-o", "--output", choices=forms, default=forms[0], help="the form of the answer")
    return parser


def _world(options: argparse.Namespace) -> tuple[World, bool]:
    """The world, and whether all input was good; what wasn't is said on standard error."""
    reading = from_options(options)
    world = World.of(reading.objects)
    problems = [*reading.problems, *world.problems]
    report(problems)
    return world, all(problem.minor for problem in problems) and not (options.strict and world.unread)


def _matrix(argv: list[str]) -> int:
    parser = _parser(
        "matrix",
        "List everything that may reach everything, with ports and outside ranges.",
        ("text", "json", "csv", "markdown", "dot", "svg"),
    )
    from helpers.cli.policy_matrix import add_options, show

    add_options(parser)
    options = parser.parse_args(argv)
    world, good = _world(options)
    show(options, world)
    return 0 if good else 2


def _can(argv: list[str]) -> int:
    parser = _ends("can", "Say whether one connection is allowed: exit status 0 if it is, 1 if not.", ("text", "json"))
    options = parser.parse_args(argv)
    if not options.source or not options.port or not (options.target or options.service):
        parser.error("give FROM, TO (or --service) and --port")
    from helpers.cli.policy_explain import shown

    return shown(options, *_world(options), short=True)


def _explain(argv: list[str]) -> int:
    parser = _ends(
        "explain",
        "Say why a connection is allowed, or how near each policy came to allowing it. Without "
        "FROM and TO: every call that the application declares and that policies deny.",
        ("text", "json", "html"),
    )
    options = parser.parse_args(argv)
    given = [options.source, options.target or options.service, options.port]
    if any(given) and not all(given):
        parser.error("give FROM, TO (or --service) and --port; or nothing, for every denied call that is declared")
    from helpers.cli.policy_explain import denied, shown

    world, good = _world(options)
    return shown(options, world, good) if options.source else denied(options, world, good)


def _ends(name: str, text: str, forms: tuple[str, ...]) -> argparse.ArgumentParser:
    """The parser of a command about one connection."""
    parser = _parser(
        name,
        text + " An end is a pod or a workload (ns/name, or name in default), an address, "
        "`outside`, `node`, `node/NAME`, `ingress-controller` or `api-server`; TO may be a Service.",
        forms,
    )
    parser.add_argument("source", metavar="FROM", nargs="?", default="")
    parser.add_argument(
        "target",
        metavar="TO",
        nargs="?",
        default="",
        help="may be left out with --service, which then means all pods of the Service",
    )
    parser.add_argument("--port", type=_port, help="the pod's port; with --service the Service's")
    parser.add_argument("--protocol", type=str.upper, choices=("TCP", "UDP", "SCTP"), default="TCP")
    parser.add_argument("--service", default="", metavar="NS/NAME", help="go through this Service")
    return parser


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:6]) <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: it is a number from 1 to 65535")
    return int(text)


def _diff(argv: list[str]) -> int:
    parser = _parser(
        "diff",
        "Compare two sets of policies: what becomes allowed and what denied. With one PATH: what "
        "applying it to the input (-f, or the cluster) would change. With two: the second against the "
        "first, both beside the input of -f.",
        ("text", "json", "csv", "markdown", "dot", "svg"),
    )
    parser.add_argument("--by", choices=("workload", "pod"), default="workload")
    parser.add_argument("paths", metavar="PATH", nargs="+")
    options = parser.parse_args(argv)
    if len(options.paths) > 2:
        parser.error("give one PATH or two")
    from helpers.cli.policy_compare import differences

    return differences(options)


def _lint(argv: list[str]) -> int:
    parser = _parser(
        "lint",
        "Find the mistakes that the API server accepts, and those that it doesn't.",
        ("text", "json", "csv", "markdown", "sarif", "github"),
    )
    parser.add_argument("--skip", action="append", default=[], metavar="ID", help="leave a rule out; repeatable")
    parser.add_argument(
        "--least", choices=("error", "warning", "note"), default="note", help="the slightest severity that counts"
    )
    parser.add_argument(
        "--baseline", default="", metavar="FILE", help="leave out what is known: the findings of an earlier -o json"
    )
    parser.add_argument("--rules", action="store_true", help="list the rules, and read nothing")
    parser.add_argument(
        "--explain", metavar="ID", default="", help="explain one rule by a wrong and a right example, and read nothing"
    )
    options = parser.parse_args(argv)
    from helpers.cli.policy_lint import findings

    return findings(options)


def _suggest(argv: list[str]) -> int:
    parser = _parser(
        "suggest",
        "Write least-privilege policies from what the manifests declare, from the flow log, or "
        "from both; the matrix proves that they allow that and nothing more.",
        ("text", "json"),
    )
    parser.add_argument("--from", dest="origin", choices=("manifests", "flows", "both"), default="manifests")
    parser.add_argument(
        "--flows",
        metavar="FILE",
        default="",
        help="the flow log as JSON, as `python -m helpers flows -o json` prints it; without it the cluster's",
    )
    parser.add_argument(
        "--style",
        choices=("arrow", "workload"),
        default="arrow",
        help="one policy an arrow, over a default deny; or one policy a workload",
    )
    parser.add_argument("-n", "--namespace", action="append", default=[], help="only for this namespace; repeatable")
    parser.add_argument(
        "--deny-unknown", action="store_true", help="deny everything to workloads of which nothing is found, too"
    )
    for part in ("ingress", "egress", "dns"):
        parser.add_argument(f"--no-{part}", action="store_true", help=f"write no {part} rules")
    options = parser.parse_args(argv)
    if options.no_ingress and options.no_egress:
        parser.error("--no-ingress and --no-egress leave nothing to write")
    from helpers.cli.policy_suggest import suggestion

    world, good = _world(options)
    status = suggestion(options, world)
    return status if good else 2


def _report(argv: list[str]) -> int:
    parser = _parser(
        "report",
        "Write one page about an application: who calls whom, what is cut, what is open though nothing needs it, "
        "findings, suggested policies, and what wasn't read. Exit status 0 when there is nothing to mend.",
    )
    from helpers.cli.policy_report import add_options, reported

    add_options(parser)
    return reported(parser.parse_args(argv))
