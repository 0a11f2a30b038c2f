"""Templates and static files, read once and kept in memory: a forked pod shares them with its siblings."""

from __future__ import annotations

import hashlib
import mimetypes
from functools import cache
from pathlib import Path
from typing import Any

import jinja2

__all__ = ["load", "page", "static"]

_HERE = Path(__file__).parent
_TYPES = {".svg": "image/svg+xml", ".css": "text/css", ".js": "text/javascript"}  # whatever this machine says


def load() -> None:
    """Read and compile everything now."""
    for name in _environment().list_templates():
        _environment().get_template(name)
    _files()


def page(template: str, **values: Any) -> str:
    """The HTML of `template`. `root` in `values` is the relative way to the shop's root, such as "../"."""
    return _environment().get_template(template).render(version=_version(), **values)


def static(path: str) -> tuple[bytes, str] | None:
    """Content and media type of a file below static/, None if there is none."""
    return _files().get(path)


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        auto_reload=False,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _files() -> dict[str, tuple[bytes, str]]:
    directory = _HERE / "static"
    return {
        file.relative_to(directory).as_posix(): (file.read_bytes(), _media_type(file.name))
        for file in sorted(directory.rglob("*"))
        if file.is_file()
    }


def _media_type(name: str) -> str:
    return _TYPES.get(Path(name).suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"


@cache
def _version() -> str:
    """Changes with the static files, so that browsers may keep them for long."""
    digest = hashlib.sha256()
    for name, (content, _) in _files().items():
        digest.update(name.encode() + content)
    return digest.hexdigest()[:8]
