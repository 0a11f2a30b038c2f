"""Directories and files that are this user's alone, and that nobody else can have prepared.

Nothing that somebody else made is changed. Raises OSError, or HomeError where the message says what to do.
"""

import contextlib
import errno
import os
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""Errors of a disk that takes no more."""
FREE_SPACE = "Free some disk space and run it again."
MAKE_WRITABLE = "Find out why it is (`dmesg` may tell), mount it for writing, and run it again."

MARKER = ".hipster-lab-home"
_MARK = (
    "This folder is kept by the Hipster Shop lab. `python -m helpers down --purge`, with LAB_HOME set to it, "
    "removes what the lab made here.\n"
)
_MADE, _FOUND = "The lab made the folder too.\n", "The folder was there before, empty.\n"


class HomeError(Exception):
    """The state directory cannot be used; the message says why and what to do."""


def make_directory(path: Path) -> bool:
    """Make a directory, and those above it that are missing, for this user alone, whatever the umask.

    Returns whether it was missing.
    """
    if not path.parent.exists():
        make_directory(path.parent)
    try:
        path.mkdir(0o700)
    except FileExistsError:
        return False
    path.chmod(0o700)
    return True


def close_directory(path: Path, advice: str) -> None:
    """Make sure of a directory of the lab's own: it is made, and closed to others. A link in its place is refused."""
    make_directory(path)
    _check_owner(path, advice)
    if path.lstat().st_mode & 0o077:
        path.chmod(0o700)
    if not os.access(path, os.W_OK | os.X_OK):
        raise HomeError(f"{path} is not writable. {advice}")


def claim(root: Path, advice: str) -> None:
    """Make sure of the lab's own folder. One that is there already must be empty or carry the lab's marker."""
    made = make_directory(root)
    _check_owner(root, advice)
    if not made and root.lstat().st_mode & stat.S_ISVTX:
        raise HomeError(f"{root} is a folder that many users share. {advice}")
    if not _is_own(root / MARKER, stat.S_ISREG):
        if not made:
            check_free(root)
        _mark(root, made or _is_of_earlier_version(root))
    close_directory(root, advice)


def check_free(root: Path) -> None:
    """Refuse a folder with contents that are not the lab's."""
    # Another command may be claiming it meanwhile; its marker comes before everything else.
    if os.path.isdir(root) and os.listdir(root) and not is_claimed(root):
        raise HomeError(
            f"{root} holds things that are not the lab's, and the lab leaves it alone. Set LAB_HOME to "
            "a folder that is empty or not there yet."
        )


def is_claimed(root: Path) -> bool:
    """Whether a folder carries the lab's marker, put there by this user."""
    return _is_own(root / MARKER, stat.S_ISREG) or _is_of_earlier_version(root)


def release(root: Path) -> None:
    """Take the marker away if nothing else is left, and the folder if the lab has made it."""
    marker = root / MARKER
    if _is_own(marker, stat.S_ISREG) and os.listdir(root) == [MARKER]:
        made = marker.read_text("utf-8").endswith(_MADE)
        marker.unlink()
        if made:
            root.rmdir()


def check_files(*paths: Path) -> None:
    """Refuse names that are taken: by a directory, a link, a pipe, a file of somebody else."""
    for path in filter(os.path.lexists, paths):
        if not stat.S_ISREG(path.lstat().st_mode):
            raise HomeError(f"{path} is in the way: the lab keeps a file of that name. Move it away.")
        if not _is_own(path, stat.S_ISREG):
            raise HomeError(f"{path} belongs to another user. Move it away, or give it back to yourself with chown.")


def remove_files(*paths: Path) -> None:
    """Remove those that are files of this user; what else bears such a name isn't the lab's."""
    for path in paths:
        if _is_own(path, stat.S_ISREG):
            path.unlink()


def short_directory(record: Path, longest: int) -> Path:
    """A directory with a path of at most `longest` bytes, the same one as long as nobody took its name away.

    `record` is a file of the lab that keeps the path. The name is a random one, so that nobody can be there before.
    """
    known = recorded(record)
    if known is not None and len(os.fsencode(known)) <= longest and _is_kept(known):
        return known
    made = temporary_directory(longest)
    write_private(record, os.fsencode(made) + b"\n")
    return made


def temporary_directory(longest: int) -> Path:
    """A new directory with a path of at most `longest` bytes."""
    for place in filter(None, (os.environ.get("TMPDIR"), "/tmp", "/var/tmp")):
        if len(os.fsencode(place)) + len("/lab-12345678") <= longest and _keeps_names(place):
            made = Path(tempfile.mkdtemp(prefix="lab-", dir=os.path.abspath(place)))
            made.chmod(0o700)  # whatever the umask
            return made
    raise HomeError("There is no directory for sockets with a short path. Set TMPDIR to a directory of your own.")


def recorded(record: Path) -> Path | None:
    """The directory that `short_directory` chose before, whether it is still there or not."""
    try:
        known = Path(os.fsdecode(record.read_bytes().removesuffix(b"\n")))
    except OSError:
        return None
    return known if known.is_absolute() and known.name.startswith("lab-") else None


def write_private(path: Path, content: str | bytes) -> None:
    """Replace a file in one step, readable by its owner alone."""
    data = content.encode() if isinstance(content, str) else content
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, 0o600)
            file.write(data)
        os.replace(draft, path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def _check_owner(path: Path, advice: str) -> None:
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode):
        raise HomeError(f"{path} is not a directory. {advice}")
    if found.st_uid != os.getuid():
        raise HomeError(f"{path} belongs to another user. {advice}")


def _mark(root: Path, made: bool) -> None:
    """Put the marker into the folder; that it is there is what counts."""
    marker = root / MARKER
    try:
        descriptor = os.open(marker, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    except OSError:
        if made:
            with contextlib.suppress(OSError):
                root.rmdir()
        raise
    with os.fdopen(descriptor, "w", encoding="utf-8") as file, contextlib.suppress(OSError):
        os.fchmod(descriptor, 0o600)
        file.write(_MARK + (_MADE if made else _FOUND))
        file.flush()


def _is_own(path: Path, kind: Callable[[int], bool]) -> bool:
    """Whether something of this kind is there, no link, and belongs to this user."""
    try:
        found = path.lstat()
    except OSError:
        return False
    return kind(found.st_mode) and found.st_uid == os.getuid()


def _is_of_earlier_version(root: Path) -> bool:
    """A home from before there was a marker: files that nothing else makes in one folder."""

    def has(*names: str) -> bool:
        return all(_is_own(root / name, stat.S_ISREG) for name in names)

    return has("launch.lock", "pki/server.pem") or (
        root.name == ".hipster-lab" and any(map(has, ("context.yaml", "progress.json", "begun.json", "cookies.json")))
    )


def _is_kept(known: Path) -> bool:
    """Whether a recorded directory is there, made again if need be, and is this user's."""
    if _keeps_names(known.parent):
        with contextlib.suppress(OSError):
            known.mkdir(0o700)
    return _is_own(known, stat.S_ISDIR)


def _keeps_names(place: str | Path) -> bool:
    """Whether nobody else can move away what one makes in a directory."""
    try:
        mode = os.stat(place).st_mode
    except OSError:
        return False
    return stat.S_ISDIR(mode) and (not mode & 0o022 or bool(mode & stat.S_ISVTX))
