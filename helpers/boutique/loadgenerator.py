"""loadgenerator: a handful of visitors who browse the shop at leisure, so that every arrow carries traffic.

USERS visitors (default 10) arrive at RATE per second (default 1), as upstream; each then looks at a page about
every ten seconds, and less often while the shop gives errors. After some minutes they settle and look once a
minute: a shop that is left alone costs the machine little.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping

from helpers.boutique import logs
from helpers.boutique.browser import Answer, Browser
from helpers.boutique.dialer import address, seconds

__all__ = ["run"]

_MOST_USERS = 50
_PAUSE = (5.0, 15.0)
_SETTLED_PAUSE = (30.0, 90.0)
_PAGES_UNTIL_SETTLED = 30
_LONGEST_PAUSE = 60.0
"""While the shop gives errors."""
_PRODUCTS = (
    "OLJCESPC7Z", "66VCHSJNUP", "1YMWWN1N4O", "L9ECAV7KIM", "2ZYFJ3GM2N",
    "0PUK6V6EV0", "LS4PSXUNUM", "9SIQT8TOJO", "6E92ZMYYFZ",
)  # fmt: skip


async def run(environ: Mapping[str, str], stop: asyncio.Event) -> None:
    """Browse until `stop` is set. Raises ValueError with a sentence if a setting is wrong."""
    target = address(environ, "FRONTEND_ADDR")
    users = min(int(seconds(environ, "USERS", 10)), _MOST_USERS)
    rate = seconds(environ, "RATE", 1)
    logs.info("loadgenerator is browsing", shop=target, users=users, arrivals_per_second=rate)
    visitors = [asyncio.ensure_future(_visit(number, number / rate, target, environ)) for number in range(users)]
    try:
        await stop.wait()
    finally:
        for visitor in visitors:
            visitor.cancel()
        await asyncio.gather(*visitors, return_exceptions=True)
        logs.info("loadgenerator has stopped")


async def _visit(number: int, delay: float, target: str, environ: Mapping[str, str]) -> None:
    """One visitor: arrives after `delay` seconds, looks at pages for as long as the process runs."""
    await asyncio.sleep(delay)
    host, _, port = target.rpartition(":")
    browser, failures, pages = Browser(host, int(port), environ=environ), 0, 0
    step = _home
    while True:
        failures, pages = 0 if await _look(number, browser, step) else failures + 1, pages + 1
        await asyncio.sleep(_pause(pages, failures))
        step = random.choices(_STEPS, _WEIGHTS)[0]


def _pause(pages: int, failures: int) -> float:
    """Seconds until a visitor's next page, after so many pages, of which the last ones failed."""
    if pages >= _PAGES_UNTIL_SETTLED:
        return random.uniform(*_SETTLED_PAUSE)
    return min(random.uniform(*_PAUSE) * (1 << min(failures, 3)), _LONGEST_PAUSE)


async def _look(number: int, browser: Browser, step: Callable[[Browser], Awaitable[Answer]]) -> bool:
    """One step of a visitor, with its log line; whether it went well."""
    start, what = time.perf_counter(), step.__name__.strip("_")
    try:
        answer = await step(browser)
    except (OSError, TimeoutError, ValueError) as error:
        logs.warning(what, visitor=number, cause=str(error) or "no answer in time")
        return False
    say = logs.info if answer.status < 500 else logs.warning
    say(what, visitor=number, status=answer.status, ms=(time.perf_counter() - start) * 1000)
    return answer.status < 500


async def _home(browser: Browser) -> Answer:
    return await browser.get("/")


async def _product(browser: Browser) -> Answer:
    return await browser.get(f"/product/{random.choice(_PRODUCTS)}")


async def _cart(browser: Browser) -> Answer:
    return await browser.get("/cart")


async def _currency(browser: Browser) -> Answer:
    return await browser.post("/setCurrency", currency_code=random.choice(("USD", "EUR", "GBP", "JPY", "CAD")))


async def _add_to_cart(browser: Browser) -> Answer:
    return await browser.post("/cart", product_id=random.choice(_PRODUCTS), quantity=random.randint(1, 3))


async def _checkout(browser: Browser) -> Answer:
    added = await _add_to_cart(browser)
    if added.status != 200:
        return added
    return await browser.post(
        "/cart/checkout",
        email="visitor@example.com",
        street_address="12 Harbour Lane",
        zip_code=10405,
        city="Berlin",
        state="",
        country="Germany",
        credit_card_number="4111-1111-1111-1111",  # a test number that no bank has given out
        credit_card_expiration_month=1,
        credit_card_expiration_year=time.gmtime().tm_year + 1,
        credit_card_cvv=123,
    )


_STEPS = (_home, _product, _cart, _currency, _add_to_cart, _checkout)
_WEIGHTS = (2, 8, 3, 1, 2, 1)
