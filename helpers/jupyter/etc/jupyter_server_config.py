"""The course's part of a Jupyter server's configuration, installed into the environment's `etc/jupyter`."""

from helpers.jupyter import belonging
from helpers.lab import kernels

config = get_config()  # type: ignore[name-defined]  # noqa: F821  (Jupyter has it in place)
kernels.configure(config)
belonging.prepare(config)
