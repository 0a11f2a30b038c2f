"""`python -m helpers workshop seats`: a lab and a JupyterLab for each attendee, on this server."""

import argparse
import sys
from pathlib import Path

from helpers.cli import workshop_network
from helpers.lab.errors import LabError
from helpers.lab.home import folder as own_folder
from helpers.workshop.entrance import is_local, name_of_this_machine

PORT = 8900
MOST = 200


def main(argv: list[str]) -> int:
    """Start the seats, end them, or say how they are. Raises LabError."""
    parser = _parser()
    options = parser.parse_args(argv)
    folder = options.folder.absolute() if options.folder else own_folder("seats")
    if options.stop:
        from helpers.workshop import hall

        print("All seats have ended; their files are kept." if hall.stop(folder) else f"No seats run in {folder}.")
        return 0
    if options.status:
        return _status(folder)
    if options.count is None or not 1 <= options.count <= MOST:
        parser.error(f"how many seats? 1 to {MOST}, or --stop, or --status")
    return _start(folder, options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m helpers workshop seats",
        description="Make a folder, a JupyterLab and a lab for each attendee, all behind one address, and cards with "
        "the seats' addresses to print. It goes on in the background until --stop. Nothing needs root.",
        epilog="All seats run as you: whoever sits at one can read the others' files. For people who don't trust each "
        "other, see docs/hub.md.",
    )
    parser.add_argument("count", type=int, nargs="?", help="how many seats")
    parser.add_argument("--stop", action="store_true", help="end all seats; their files are kept")
    parser.add_argument("--status", action="store_true", help="say which seats run, and what each takes")
    parser.add_argument("--folder", type=Path, help="where the seats' folders are (default: in LAB_HOME)")
    parser.add_argument("--listen", metavar="ADDRESS", default="127.0.0.1", help="0.0.0.0 for the whole network")
    parser.add_argument("--port", type=int, default=PORT, help="default %(default)s")
    workshop_network.add_options(parser)
    parser.add_argument("--board", default="", help="the board that seats report to: a folder, or its address")
    parser.add_argument("--memory", type=int, default=2048, metavar="MB", help="for each process of a seat at most")
    return parser


def _start(folder: Path, options: argparse.Namespace) -> int:
    from helpers.workshop import cards, hall

    if hall.holder(folder) is not None:
        raise LabError(f"Seats run in {folder} already. First: python -m helpers workshop seats --stop")
    host = options.name or name_of_this_machine(options.listen)
    certificate = None
    if not options.plain and not is_local(options.listen):
        certificate = workshop_network.certificate(options, host)
    plan = hall.Plan.of(
        folder,
        options.count,
        listen=options.listen,
        port=options.port,
        board=options.board,
        memory=options.memory << 20,
        certificate=certificate,
    )
    hall.start(plan)
    address = workshop_network.address(host, options.port, certificate)
    file = folder / "cards.html"
    seats = plan.seats(folder)
    file.write_text(cards.page(seats, address, warned=certificate is not None and not options.certificate), "utf-8")
    file.chmod(0o600)
    print(f"{len(seats)} seats are open. Cards to print: {file}\nThe first: {address}{seats[0].path}")
    if options.plain and not is_local(options.listen):
        print("--plain: whoever shares the network can read what attendees do, and their cards' addresses.")
    print("They end with: python -m helpers workshop seats --stop" + _same_folder(options))
    return 0


def _same_folder(options: argparse.Namespace) -> str:
    return f" --folder {options.folder}" if options.folder else ""


def _status(folder: Path) -> int:
    from helpers.workshop import hall, measuring

    if hall.holder(folder) is None:
        print(f"No seats run in {folder}. Start them: python -m helpers workshop seats 30", file=sys.stderr)
        return 1
    found = measuring.measure(folder, sorted(hall.read(folder)))
    for name, use in found.items():
        print(f"{name}  {use.processes:3} processes  {use.megabytes:6.0f} MB  {use.cores:6.1%} of a core")
    whole = sum(use.megabytes for use in found.values()), sum(use.cores for use in found.values())
    print(f"together {whole[0]:.0f} MB, {whole[1]:.1%} of a core")
    return 0
