"""How the course sets up a Jupyter server."""

from pathlib import Path
from typing import Any

from helpers.lab import kernels

TEMPLATES = Path(__file__).with_name("templates")


def configure(config: Any) -> None:
    """Set up a Jupyter server that reads this configuration: private kernels, and the course's own page for errors."""
    kernels.configure(config)
    config.ServerApp.extra_template_paths = [str(TEMPLATES)]
