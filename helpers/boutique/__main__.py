"""`python -m helpers.boutique SERVICE`: one service of the shop in this process."""

import sys

from helpers.boutique import main
from helpers.boutique.images import SERVICES

if len(sys.argv) != 2 or sys.argv[1] not in SERVICES:
    sys.exit(f"usage: python -m helpers.boutique SERVICE, where SERVICE is one of {', '.join(SERVICES)}")
main(sys.argv[1])
