"""The one thread behind all widgets: in order, newest picture only, errors told, clean end."""

import threading

from helpers.display.widgets.worker import Worker


def test_tasks_run_in_order_on_one_thread():
    worker, seen = Worker(), []
    for number in range(50):
        worker.submit(lambda number=number: seen.append((number, threading.current_thread().name)))
    assert worker.drain()
    assert [number for number, _ in seen] == list(range(50))
    assert {name for _, name in seen} == {"lab-widgets"}
    worker.close()


def test_of_waiting_tasks_with_one_key_only_the_newest_runs():
    worker, seen, gate = Worker(), [], threading.Event()
    worker.submit(lambda: gate.wait(5) and None)
    for number in range(20):
        worker.submit(lambda number=number: seen.append(number), key="picture")
    worker.submit(lambda: seen.append("last"))
    gate.set()
    assert worker.drain()
    assert seen == [19, "last"]
    worker.close()


def test_an_error_is_told_and_the_next_task_runs():
    worker, told, seen = Worker(), [], []
    worker.submit(lambda: 1 / 0, failed=told.append)
    worker.submit(lambda: seen.append("on"))
    assert worker.drain()
    assert isinstance(told[0], ZeroDivisionError) and seen == ["on"]
    worker.close()


def test_closing_drops_what_waits_and_ends_the_thread():
    worker, seen, started, gate = Worker("closing"), [], threading.Event(), threading.Event()
    worker.submit(lambda: (started.set(), gate.wait(5), seen.append("running"))[0])
    worker.submit(lambda: seen.append("waiting"))
    assert started.wait(5)
    threading.Timer(0.05, gate.set).start()
    worker.close()
    worker.close()
    worker.submit(lambda: seen.append("late"))
    assert seen == ["running"]
    assert not any(thread.name == "closing" for thread in threading.enumerate())


def test_a_task_may_close_its_own_worker():
    worker = Worker()
    worker.submit(worker.close)
    assert worker.drain()


def test_draining_says_when_it_takes_too_long():
    worker, gate = Worker(), threading.Event()
    worker.submit(lambda: gate.wait(5) and None)
    assert not worker.drain(0.02)
    gate.set()
    worker.close()
