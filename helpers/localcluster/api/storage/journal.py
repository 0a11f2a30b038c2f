"""The store's disk: one SQLite file, written by one thread in group commits.

Writes queue up while the thread is busy syncing the last batch, so that one
fsync serves all of them; the more writers, the larger the batches.
"""

import asyncio
import contextlib
import errno
import json
import os
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from helpers.localcluster.api.errors import StoreError
from helpers.localcluster.node.private import FULL, MAKE_WRITABLE
from helpers.plain_text import clean_line

SCHEMA = """
create table if not exists objects (
    resource text not null, namespace text not null, name text not null, body text not null,
    primary key (resource, namespace, name)
) without rowid;
create table if not exists counters (name text primary key, value integer not null) without rowid;
"""
SCHEMA_VERSION = 1
RETRY_SECONDS = 0.5


class Row(NamedTuple):
    """What becomes of one object: `body` is None when it is gone."""

    resource: str
    namespace: str
    name: str
    body: dict[str, Any] | None


class Journal:
    """A SQLite file that a thread keeps up to date; call its methods from one event loop's thread.

    `problem` is None, or why the last batch could not be written (disk full,
    for example). The batch is kept and tried again until it succeeds.
    """

    def __init__(self, path: Path) -> None:
        """Open or create the file with mode 0600. Raises StoreError when it cannot be used."""
        self.path = path
        self.problem: str | None = None
        self._database = _connect(path)
        self._changed = threading.Condition()
        self._pending: dict[tuple[str, str, str], Row] = {}
        self._queued = 0
        self._written = 0
        self._revision = 0
        self._closing = False
        self._waking: asyncio.AbstractEventLoop | None = None  # where a wake-up of the thread is on its way
        self._waiters: list[tuple[int, asyncio.Future[None]]] = []
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)

    def load(self) -> tuple[int, Iterator[Row]]:
        """The last revision on disk and every object; call once, before `start`."""
        try:
            found = self._database.execute("select value from counters where name = 'revision'").fetchone() or (0,)
            rows = self._database.execute("select resource, namespace, name, body from objects").fetchall()
        except sqlite3.DatabaseError as error:
            raise unusable(self.path, error) from error
        if not isinstance(found[0], int):
            raise StoreError(f"{self.path} is damaged: its counter cannot be read; {START_EMPTY}")
        return found[0], (_object(self.path, row) for row in rows)

    def start(self, revision: int) -> None:
        """Begin to write; `revision` is kept first, so that the next start counts on from there."""
        try:
            self._commit([], revision)
        except sqlite3.Error as error:
            raise unusable(self.path, error) from error
        self._thread.start()

    def write(self, row: Row, revision: int) -> None:
        """Queue one change; `revision` is the store's revision after it."""
        with self._changed:
            self._pending[row[:3]] = row
            self._revision = revision
            self._queued += 1
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self._wake()
            return
        if self._waking is not loop:
            self._waking = loop
            # After the next turn: watchers hear of the change before the thread competes for the interpreter.
            loop.call_soon(loop.call_soon, self._wake)

    def _wake(self) -> None:
        self._waking = None
        with self._changed:
            self._changed.notify()

    async def durable(self) -> None:
        """Return when everything queued so far is on disk; raises StoreError if that fails."""
        with self._changed:
            if self._written >= self._queued:
                return
            future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiters.append((self._queued, future))
        await future

    def close(self) -> None:
        """Write what is queued, then stop the thread and close the file."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join()
        self._database.close()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._pending or self._closing)
                if not self._pending:
                    return
                batch, self._pending = self._pending, {}
                reached, revision = self._queued, self._revision
            try:
                self._commit([*batch.values()], revision)
            except (sqlite3.Error, OSError) as error:
                if not self._failed(batch, error):
                    return
            else:
                self._succeeded(reached)

    def _commit(self, rows: list[Row], revision: int) -> None:
        with self._database:  # one transaction; committing syncs the file
            self._database.executemany(
                "delete from objects where resource = ? and namespace = ? and name = ?",
                [row[:3] for row in rows if row.body is None],
            )
            self._database.executemany(
                "insert or replace into objects values (?, ?, ?, ?)",
                [(*row[:3], json.dumps(row.body, separators=(",", ":"))) for row in rows if row.body is not None],
            )
            self._database.execute("insert or replace into counters values ('revision', ?)", (revision,))

    def _succeeded(self, reached: int) -> None:
        with self._changed:
            self.problem = None
            self._written = reached
            ready = [future for wanted, future in self._waiters if wanted <= reached]
            self._waiters = [waiter for waiter in self._waiters if waiter[0] > reached]
        _settle(ready, None)

    def _failed(self, batch: dict[tuple[str, str, str], Row], error: Exception) -> bool:
        """Keep the batch for the next try and tell who waits; False when there is no next try."""
        with self._changed:
            self._pending = {**batch, **self._pending}
            self.problem = str(unusable(self.path, error))
            failed, self._waiters = [future for _, future in self._waiters], []
            _settle(failed, StoreError(self.problem))
            self._changed.wait_for(lambda: self._closing, RETRY_SECONDS)
            return not self._closing


def _settle(futures: list[asyncio.Future[None]], error: Exception | None) -> None:
    def settle(future: asyncio.Future[None]) -> None:
        if future.done():
            return
        if error:
            future.set_exception(error)
        else:
            future.set_result(None)

    for future in futures:
        with contextlib.suppress(RuntimeError):  # the loop has ended: nobody waits any more
            future.get_loop().call_soon_threadsafe(settle, future)


def _connect(path: Path) -> sqlite3.Connection:
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        path.chmod(0o600)
    except OSError as error:
        raise unusable(path, error) from error
    try:
        database = sqlite3.connect(path, check_same_thread=False, timeout=2)
    except sqlite3.Error as error:
        raise unusable(path, error) from error
    try:
        database.text_factory = bytes  # what can't be decoded would be quoted by the error
        # One process owns the file; the write-ahead log is synced at every commit.
        database.execute("pragma locking_mode = exclusive")
        database.execute("pragma journal_mode = wal")
        database.execute("pragma synchronous = full")
        _check_version(database, path)
        database.executescript(SCHEMA)
        database.execute(f"pragma user_version = {SCHEMA_VERSION}")
    except sqlite3.Error as error:
        database.close()
        raise unusable(path, error) from error
    except StoreError:
        database.close()
        raise
    return database


def _check_version(database: sqlite3.Connection, path: Path) -> None:
    if database.execute("pragma user_version").fetchone()[0] > SCHEMA_VERSION:
        raise StoreError(
            f"{path} was written by a newer version of the lab; update this one, or set LAB_HOME to another folder"
        )


def _object(path: Path, raw: tuple[bytes, bytes, bytes, bytes]) -> Row:
    """One object as it is kept. Raises StoreError that names it and shows nothing of its content."""
    key, namespace, name = (
        part.decode(errors="backslashreplace") if isinstance(part, bytes) else "?" for part in raw[:3]
    )
    try:
        body = json.loads(raw[3])
    except (ValueError, TypeError, RecursionError):
        body = None
    if not isinstance(body, dict) or not _is_of(body.get("metadata"), namespace, name):
        named = "/".join(filter(None, (key, namespace, name)))
        raise StoreError(f"{path} is damaged: {clean_line(named)} cannot be read; {START_EMPTY}") from None
    return Row(key, namespace, name, body)


def _is_of(metadata: Any, namespace: str, name: str) -> bool:
    return isinstance(metadata, dict) and (metadata.get("namespace") or "", metadata.get("name")) == (namespace, name)


START_EMPTY = "move it away to start with an empty cluster"
_ADVICE = {
    sqlite3.SQLITE_CORRUPT: f"is damaged ({{}}); {START_EMPTY}",
    sqlite3.SQLITE_NOTADB: f"is damaged ({{}}); {START_EMPTY}",
    sqlite3.SQLITE_BUSY: "is in use by another node ({}); stop that one with `python -m helpers down` first",
    sqlite3.SQLITE_LOCKED: "is in use by another node ({}); stop that one with `python -m helpers down` first",
    sqlite3.SQLITE_FULL: "cannot be written ({}); free some disk space",
    sqlite3.SQLITE_IOERR: "cannot be read or written ({}); free some disk space, lift a limit on the size of files "
    "(ulimit -f), or look whether the disk works",
    sqlite3.SQLITE_ERROR: "is none that this version of the lab can read ({}); set LAB_HOME to another folder",
}
_NOT_OPENED = "cannot be opened for writing ({}); look at its owner, permissions and attributes, and at its folder's"


def unusable(path: Path, error: Exception) -> StoreError:
    """Why the file can't be used, and what helps; to start afresh is advised only where the file is damaged."""
    if isinstance(error, OSError):
        advice = _ADVICE[sqlite3.SQLITE_FULL] if error.errno in FULL else _NOT_OPENED
        return StoreError(f"{path} {advice.format(error.strerror)}")
    if _is_read_only(path):
        return StoreError(f"{path} cannot be written ({error}): its disk has become read-only. {MAKE_WRITABLE}")
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CANTOPEN) & 0xFF
    return StoreError(f"{path} {_ADVICE.get(code, _NOT_OPENED).format(error)}")


def _is_read_only(path: Path) -> bool:
    """Whether the disk is: SQLite doesn't tell that from other errors."""
    try:
        # The journal beside it: closing the database itself would let go of SQLite's lock.
        os.close(os.open(f"{path}-wal", os.O_RDWR))
    except OSError as error:
        return error.errno == errno.EROFS
    return False
