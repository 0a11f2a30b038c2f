"""How the course sets up a Jupyter server."""

from pathlib import Path
from typing import Any

from helpers.jupyter import belonging
from helpers.lab import kernels

TEMPLATES = Path(__file__).with_name("templates")


def configure(config: Any) -> None:
    """Set up a Jupyter server that reads this configuration: private kernels, the course's own page for errors.

    On a hub and at a workshop's seat, the lab is this server's own.
    """
    kernels.configure(config)
    config.ServerApp.extra_template_paths = [str(TEMPLATES)]
    belonging.prepare(config)
