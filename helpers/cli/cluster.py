"""`python -m helpers up`, `down`, `renew` and `status`."""

import argparse
import json
import os
import sys
import time

from helpers.localcluster.node import launch
from helpers.localcluster.node.status import Status


def main(name: str, arguments: list[str]) -> int:
    """Run one of these commands; returns the exit status."""
    command = {"up": _up, "down": _down, "renew": _renew, "status": _status}[name]
    try:
        return command(arguments)
    except launch.LaunchError as error:
        print(f"python -m helpers {name}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(
            f"\npython -m helpers {name}: interrupted. `python -m helpers status` says what runs, `down` stops it.",
            file=sys.stderr,
        )
        return 130


def _parser(name: str, text: str) -> argparse.ArgumentParser:
    return argparse.ArgumentParser(
        prog=f"python -m helpers {name}",
        description=text,
        epilog="LAB_HOME (default ~/.hipster-lab) says where the cluster keeps everything; "
        "two clusters with different LAB_HOMEs run side by side.",
    )


def _up(arguments: list[str]) -> int:
    parser = _parser(
        "up",
        "Start the cluster and the shop; return when all pods are Ready. A cluster that runs "
        "is left as it is, and what is missing of the shop is made. After `down`, a crash or a "
        "reboot the same objects come back.",
    )
    parser.add_argument("--empty", action="store_true", help="the cluster alone, without the shop")
    parser.add_argument(
        "--timeout",
        type=float,
        default=launch.READY_SECONDS,
        metavar="SECONDS",
        help="how long pods may take to become Ready (default %(default)g)",
    )
    options = parser.parse_args(arguments)
    begun = time.monotonic()
    found = launch.up(empty=options.empty, seconds=options.timeout)
    ready = sum(pod["ready"] for pod in found.pods)
    rest = "; the others are starting" if ready < len(found.pods) else ""
    print(f"The cluster is up: {ready} of {len(found.pods)} pods Ready after {time.monotonic() - begun:.1f} s{rest}.")
    print(f"  export KUBECONFIG={found.kubeconfig}")
    if not options.empty:
        print(f"  shop: {found.shop_url}")
    return 0


def _down(arguments: list[str]) -> int:
    parser = _parser(
        "down",
        "Stop the cluster: no process, socket or port is left. Its objects are kept, and the "
        "next `up` brings them back.",
    )
    parser.add_argument("--purge", action="store_true", help="forget its objects, logs and credentials as well")
    options = parser.parse_args(arguments)
    ran = launch.down(purge=options.purge)
    print(
        ("The cluster is stopped" if ran else "No cluster was running")
        + ("; what it kept is removed." if options.purge else ".")
    )
    return 0


def _renew(arguments: list[str]) -> int:
    parser = _parser(
        "renew",
        "Make a broken lab new: end whatever runs of the cluster, forget its objects, logs and credentials, and start "
        "an empty one. What was done of the course is kept.",
    )
    parser.parse_args(arguments)
    begun = time.monotonic()
    launch.down(purge=True)
    launch.up(empty=True)
    print(
        f"The lab is new after {time.monotonic() - begun:.1f} s, and your progress is kept. In a notebook, run the "
        'first cell again, and then lab.catch_up("04") with the number of your notebook.'
    )
    return 0


def _status(arguments: list[str]) -> int:
    parser = _parser("status", "Say what runs and where. Exit status 1 if the cluster does not run.")
    parser.add_argument("-o", "--output", choices=("text", "json"), default="text")
    options = parser.parse_args(arguments)
    found = launch.status()
    if options.output == "json":
        print(json.dumps(found.as_dict(), indent=2))
    else:
        print(_described(found))
    return 0 if found.running else 1


def _described(found: Status) -> str:
    if not found.running:
        return f"No cluster runs in {_short(found.state_dir)}. Start it: python -m helpers up"
    ready = sum(pod["ready"] for pod in found.pods)
    rows = [
        ("state", _short(found.state_dir)),
        ("kubeconfig", f"{_short(found.kubeconfig)}, context {found.context}"),
        ("server", found.server),
        ("dataplane", found.dataplane),
        ("shop", found.shop_url),
        ("processes", f"{len(found.pids)}, node {found.pids.get('node', '?')}"),
        ("pods", f"{ready} of {len(found.pods)} Ready"),
    ]
    lines = [f"{name:<11} {value}" for name, value in rows]
    width = max((len(_pod_name(pod)) for pod in found.pods), default=0)
    lines += [
        f"  {'✓' if pod['ready'] else '✗'} {_pod_name(pod):<{width}}  "
        f"{pod['status']:<18} {pod['address'] or ''}".rstrip()
        for pod in found.pods
    ]
    return "\n".join(lines)


def _pod_name(pod: dict[str, str]) -> str:
    return pod["name"] if pod["namespace"] == "default" else f"{pod['namespace']}/{pod['name']}"


def _short(path: str) -> str:
    user = os.path.expanduser("~")
    return "~" + path[len(user) :] if path.startswith(user + os.sep) else path
