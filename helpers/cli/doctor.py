"""`python -m helpers doctor`: check this machine, and say what to mend."""

import argparse
import json

from helpers.lab.diagnosis.examination import examine


def main(name: str, arguments: list[str]) -> int:
    """Print the doctor's lines; returns 0 if all is well, 1 if something needs mending."""
    parser = argparse.ArgumentParser(prog=f"python -m helpers {name}", description="Check this machine for the course.")
    parser.add_argument("-o", "--output", choices=("text", "json"), default="text")
    parser.add_argument("--quick", action="store_true", help="do not prove that the cluster enforces policies")
    chosen = parser.parse_args(arguments)
    report = examine(prove=not chosen.quick)
    print(json.dumps(report.as_dict(), indent=2) if chosen.output == "json" else repr(report))
    return 0 if report else 1
