"""How often the visitors look, without waiting for them."""

import asyncio
import random

import pytest

from helpers.boutique import loadgenerator
from helpers.boutique.browser import Answer

PAGES = 90


class Shop:
    """A browser whose every page is the same."""

    status = 200

    def __init__(self, *_: object, **__: object) -> None: ...

    async def get(self, path: str) -> Answer:
        return Answer(self.status, {}, "", "/")

    async def post(self, path: str, **form: object) -> Answer:
        return Answer(self.status, {}, "", "/")


def pauses(monkeypatch: pytest.MonkeyPatch, status: int) -> list[float]:
    """The seconds that one visitor waits after each of so many pages."""
    found: list[float] = []
    stop = asyncio.Event()
    doze = asyncio.sleep

    async def sleep(seconds: float) -> None:
        found.append(seconds)
        if len(found) > PAGES:
            stop.set()
        await doze(0)

    random.seed(7)
    monkeypatch.setattr(Shop, "status", status)
    monkeypatch.setattr(loadgenerator, "Browser", Shop)
    monkeypatch.setattr(loadgenerator.asyncio, "sleep", sleep)
    asyncio.run(loadgenerator.run({"FRONTEND_ADDR": "frontend:80", "USERS": "1"}, stop))
    return found[1 : PAGES + 1]  # the first is the visitor's arrival


def test_visitors_settle_after_some_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    found = pauses(monkeypatch, 200)
    early = next(number for number, pause in enumerate(found) if pause > 15)
    assert 200 < sum(found[:early]) < 400 and all(pause >= 5 for pause in found[:early])
    settled = found[early:]
    assert all(30 <= pause <= 90 for pause in settled) and 50 < sum(settled) / len(settled) < 70


def test_visitors_of_a_shop_with_errors_look_less_often_but_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    found = pauses(monkeypatch, 500)
    assert all(20 <= pause <= 60 for pause in found[3:29]) and max(found) <= 90
