"""`python -m helpers workshop board`: the class on one page, and afterwards as CSV."""

import argparse
import json
import sys
import time
from pathlib import Path

from helpers.cli import workshop_network
from helpers.lab.course.checks.tasks import TASKS
from helpers.lab.errors import LabError
from helpers.lab.home import folder as own_folder
from helpers.lab.home import read_json, update_json
from helpers.workshop import csv_report
from helpers.workshop.entrance import Certificate, Keys, is_local, listening, name_of_this_machine
from helpers.workshop.roll import Roll
from helpers.workshop.standing import Standing

PORT = 8800
_NUMBERS = "board-seats.json"


def main(argv: list[str]) -> int:
    """Serve the board until Control-C, or write what it knows. Raises LabError."""
    options = _parser().parse_args(argv)
    folder = _folder(options.folder)
    numbers = read_json(_NUMBERS).get(str(folder)) or {}
    roll = Roll(folder, options.most, {name: at for name, at in numbers.items() if isinstance(at, int)})
    if options.report:
        return _report(roll, options.report)
    return _serve(roll, options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m helpers workshop board",
        description="A page for the projector: one row a seat, one column a task, who needs help on top. Seats report "
        "to a folder (LAB_BOARD=/srv/board) or, with --listen, over the network with the join code. It listens on "
        "this machine alone unless --listen says otherwise.",
        epilog="What seats have reported is kept: a board that is started again goes on where it was.",
    )
    parser.add_argument("--folder", type=Path, help="where the seats' files are (default: a folder in LAB_HOME)")
    parser.add_argument("--listen", metavar="ADDRESS", help="also take reports there: 0.0.0.0 for the whole network")
    parser.add_argument(
        "--port", type=int, default=PORT, help="default %(default)s; the page on this machine is one on"
    )
    workshop_network.add_options(parser)
    parser.add_argument("--most", type=int, default=300, metavar="N", help="seats at most (default %(default)s)")
    parser.add_argument("--report", choices=("csv", "json"), help="write what the board knows, and end")
    return parser


def _folder(given: Path | None) -> Path:
    """The folder of the seats' files. Raises LabError."""
    if given is not None:
        if not given.is_dir():
            raise LabError(f"There is no folder {given}. Make one that all seats may write to: mkdir -m 1777 {given}")
        return given.absolute()
    return own_folder("board")


def _report(roll: Roll, form: str) -> int:
    roll.read()
    if form == "csv":
        csv_report.write(roll.seats, list(TASKS), sys.stdout)
    else:
        print(json.dumps(Standing.of(roll.seats, list(TASKS), time.time()).as_dict(), indent=1, ensure_ascii=False))
    return 0


def _serve(roll: Roll, options: argparse.Namespace) -> int:
    from helpers.workshop.board import Board
    from helpers.workshop.serving import Listener, serve

    keys = Keys.kept()
    listeners = [Listener(listening("127.0.0.1", options.port + (1 if options.listen else 0)))]
    where = str(roll.folder)
    certificate = None
    if options.listen:
        host = options.name or name_of_this_machine(options.listen)
        if not options.plain:
            certificate = workshop_network.certificate(options, host)
        listeners.append(Listener(listening(options.listen, options.port), certificate))
        where = _address(host, options.port, keys, certificate)
    joining = f'lab.join_board("{where}", "your nickname")'
    local = f"http://127.0.0.1:{listeners[0].socket.getsockname()[1]}/board/{keys.page}"

    def ready() -> None:
        print(f"The board: {local}\nAttendees run: {joining}")
        if options.listen and not is_local(options.listen):
            print(f"From another machine: {where.rpartition('/')[0]}/board/{keys.page}")
            if options.plain:
                print("--plain: whoever shares the network can read nicknames and tries, and the join code.")
        print("Control-C ends it; what was reported is kept.", flush=True)

    def kept(numbers: dict[str, int]) -> None:
        update_json(_NUMBERS, lambda known: {**known, str(roll.folder): numbers})

    serve(Board(roll, keys, list(TASKS), joining, kept).app, listeners, ready)
    return 0


def _address(host: str, port: int, keys: Keys, certificate: Certificate | None) -> str:
    code = f"{keys.code}-{certificate.fingerprint}" if certificate else keys.code
    return f"{workshop_network.address(host, port, certificate)}/{code}"
