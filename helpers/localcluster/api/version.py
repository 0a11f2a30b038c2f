"""Which Kubernetes this cluster's API follows."""

import platform
import sys

MAJOR, MINOR = "1", "37"
GIT_VERSION = "v1.37.1+lab"


def document() -> dict[str, str]:
    """The answer to GET /version."""
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    return {
        "major": MAJOR,
        "minor": MINOR,
        "gitVersion": GIT_VERSION,
        "gitCommit": "",
        "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": "none",
        "compiler": f"python{sys.version_info.major}.{sys.version_info.minor}",
        "platform": f"{sys.platform}/{machine}",
    }
