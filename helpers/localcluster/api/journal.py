"""The store's disk: one SQLite file, written by one thread in group commits.

Writes queue up while the thread is busy syncing the last batch, so that one
fsync serves all of them; the more writers, the larger the batches.
"""

import asyncio
import contextlib
import json
import os
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from ..private import FREE_SPACE, FULL
from .errors import StoreError

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
            found = self._database.execute("select value from counters where name = 'revision'").fetchone()
            rows = self._database.execute("select resource, namespace, name, body from objects").fetchall()
        except sqlite3.DatabaseError as error:
            raise _unusable(self.path, error) from error
        return (found[0] if found else 0), (
            Row(key, namespace, name, json.loads(body)) for key, namespace, name, body in rows
        )

    def start(self, revision: int) -> None:
        """Begin to write; `revision` is kept first, so that the next start counts on from there."""
        try:
            self._commit([], revision)
        except sqlite3.Error as error:
            raise _unusable(self.path, error) from error
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
            self.problem = f"{self.path} cannot be written ({error}); free some disk space"
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
        database = sqlite3.connect(path, check_same_thread=False, timeout=2)
    except OSError as error:
        raise _unusable(path, error) from error
    try:
        # One process owns the file; the write-ahead log is synced at every commit.
        database.execute("pragma locking_mode = exclusive")
        database.execute("pragma journal_mode = wal")
        database.execute("pragma synchronous = full")
        database.executescript(SCHEMA)
        database.execute(f"pragma user_version = {SCHEMA_VERSION}")
    except sqlite3.Error as error:
        database.close()
        raise _unusable(path, error) from error
    return database


def _unusable(path: Path, error: Exception) -> StoreError:
    if "locked" in str(error):
        return StoreError(f"{path} is in use by another node; stop that one with `python -m helpers down` first")
    if "full" in str(error) or (isinstance(error, OSError) and error.errno in FULL):
        return StoreError(f"{path} cannot be written: the disk is full. {FREE_SPACE}")
    return StoreError(f"{path} cannot be used ({error}); move it away to start with an empty cluster")
