"""Command lines as BusyBox and curl read them: short options together, values attached or apart."""

import getopt
import sys

Options = list[tuple[str, str]]


class Fault(Exception):
    """A command ends with this status, after these words on stderr (none if empty)."""

    def __init__(self, status: int, text: str = "") -> None:
        super().__init__(text)
        self.status = status


def read(
    name: str, arguments: list[str], short: str, long: tuple[str, ...] = (), *, usage: str = "", status: int = 1
) -> tuple[Options, list[str]]:
    """Options and operands in any order. Raises Fault for an option that there isn't."""
    try:
        return getopt.gnu_getopt(arguments, short, list(long))
    except getopt.GetoptError as error:
        option = f"--{error.opt}" if len(error.opt) > 1 else f"-{error.opt}"
        what = "requires an argument" if "requires argument" in error.msg else "is unknown or not served here"
        raise Fault(status, f"{name}: option {option} {what}" + (f"\n{usage}" if usage else "")) from None


def number(name: str, text: str, *, least: float = 0) -> float:
    """A number of seconds. Raises Fault."""
    try:
        value = float(text.removesuffix("s"))
    except ValueError:
        value = least - 1
    if not least <= value < 1e9:
        raise Fault(1, f"{name}: invalid number '{text}'")
    return value


def port(name: str, text: str) -> int:
    """Raises Fault."""
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65536:
        raise Fault(1, f"{name}: bad port '{text}'")
    return int(text)


def ended(fault: Fault) -> int:
    """Print the fault; its status."""
    if text := str(fault):
        print(text, file=sys.stderr)
    return fault.status
