"""From a container's specification to the process that it is here."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from helpers.localcluster.kubelet import environment, images
from helpers.localcluster.kubelet.processes.forkserver import Program

Object = dict[str, Any]


class NoSuchProgram(Exception):
    """The command does not exist; the text is what a container runtime says."""


def of_container(container: Object, image: images.Image, env: dict[str, str], home: Path) -> Program:
    """The process of a container. Raises NoSuchProgram."""
    command, arguments = ([environment.expand(word, env) for word in container.get(field) or ()]
                          for field in ("command", "args"))  # fmt: skip
    tty = bool(container.get("tty"))
    if command and command[0] not in image.servers:
        return of_command([*command, *arguments], env, home, tty=tty)
    if image.call is None or (not command and _another_command(image, arguments)):
        return of_command(arguments or list(image.arguments), env, home, tty=tty)
    module, function, fixed = image.call
    given = [arguments or list(image.arguments)] if image.takes_arguments and not image.arguments_are_command else []
    return Program(image.title, env, home, call=(module, function, [*fixed, *given]), tty=tty)


def _another_command(image: images.Image, arguments: list[str]) -> bool:
    """Whether a container's arguments ask for something else than the image's own server."""
    return (
        image.arguments_are_command
        and bool(arguments)
        and not arguments[0].startswith("-")
        and (arguments[0] not in image.servers)
    )


def of_command(command: list[str], env: Mapping[str, str], home: Path, *, tty: bool = False) -> Program:
    """A command in a container: a program of an image of ours, or one of this machine. Raises NoSuchProgram."""
    name = command[0]
    variables = environment.terminal(env) if tty else dict(env)
    title = images.program(name)
    if title:
        module, function = images.PROGRAMS[title]
        return Program(title, variables, home, call=(module, function, [command[1:]]), tty=tty)
    file = shutil.which(name, path=variables.get("PATH", os.defpath))
    if file is None or ("/" in name and not os.path.isabs(name)):
        where = f"stat {name}: no such file or directory" if "/" in name else "executable file not found in $PATH"
        raise NoSuchProgram(f'exec: "{name}": {where}')
    return Program(Path(name).name, variables, home, argv=tuple(command), file=file, tty=tty)
