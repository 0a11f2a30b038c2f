"""The course's part of a Jupyter server's configuration; tools/jupyter_settings.py copies it into the environment."""

from helpers.lab import kernels

kernels.configure(get_config())  # noqa: F821  (Jupyter has it in place)
