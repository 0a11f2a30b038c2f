"""One thread for all widgets, owned by the helpers.

Where a widget's callback runs depends on the version of ipykernel: on the main thread after the cell, or at once in
a thread of its own. Callbacks therefore only hand their work to this thread, which does one piece at a time.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

Task = Callable[[], None]


@dataclass(frozen=True, slots=True)
class _Job:
    key: object
    task: Task
    failed: Callable[[Exception], None] | None


class Worker:
    """Runs tasks in order on one daemon thread, which starts with the first task and ends with `close`."""

    def __init__(self, name: str = "lab-widgets") -> None:
        self._name = name
        self._jobs: deque[_Job] = deque()
        self._changed = threading.Condition()
        self._busy = False
        self._closed = False
        self._thread: threading.Thread | None = None

    def submit(self, task: Task, *, key: object = None, failed: Callable[[Exception], None] | None = None) -> None:
        """Run a task soon. Of waiting tasks with one key only the newest is run: a picture of the past helps nobody.

        `failed` is told of an exception; without it the exception goes to `threading.excepthook`.
        """
        with self._changed:
            if self._closed:
                return
            if key is not None:
                self._jobs = deque(job for job in self._jobs if job.key != key)
            self._jobs.append(_Job(key, task, failed))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def drain(self, timeout: float = 10.0) -> bool:
        """Wait until nothing is left to do; False when that takes longer than `timeout` seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._jobs and not self._busy, timeout)

    def close(self, timeout: float = 5.0) -> None:
        """Drop what waits, finish what runs (for up to `timeout` seconds), end the thread. May be called twice."""
        with self._changed:
            self._closed = True
            self._jobs.clear()
            self._changed.notify_all()
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._jobs or self._closed)
                if not self._jobs:
                    return
                job, self._busy = self._jobs.popleft(), True
            try:
                self._do(job)
            finally:
                with self._changed:
                    self._busy = False
                    self._changed.notify_all()

    @staticmethod
    def _do(job: _Job) -> None:
        try:
            job.task()
        except Exception as error:
            if job.failed is not None:
                job.failed(error)
            else:
                threading.excepthook(threading.ExceptHookArgs((type(error), error, error.__traceback__, None)))


SHARED = Worker()
"""The worker of all widgets of a kernel."""
