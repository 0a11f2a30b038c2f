"""The schedules of CronJobs: five fields, as cron has always read them, or one of its short words."""

from datetime import UTC, datetime, timedelta, tzinfo
from typing import NamedTuple

WORDS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
DAYS = "sun mon tue wed thu fri sat".split()
# name, lowest, highest, words for the numbers from the lowest on
FIELDS: tuple[tuple[str, int, int, list[str]], ...] = (
    ("minute", 0, 59, []),
    ("hour", 0, 23, []),
    ("day of month", 1, 31, []),
    ("month", 1, 12, MONTHS),
    ("day of week", 0, 7, DAYS),
)
FARTHEST = timedelta(days=366 * 8 + 2)  # 29 February may be eight years away


class Malformed(ValueError):
    """The text is no schedule; the message says which part."""


class Schedule(NamedTuple):
    """Which minutes are meant."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    any_day: bool
    """Whether days of the month and of the week must both fit: so it is when one of them is a star."""

    def next(self, after: datetime) -> datetime | None:
        """The first minute after `after` that fits; None if there is none, as for 30 February."""
        moment = after.replace(second=0, microsecond=0) + timedelta(minutes=1)
        while moment - after < FARTHEST:
            if moment.month not in self.months or not self._on(moment):
                moment = (moment + timedelta(days=1)).replace(hour=0, minute=0)
            elif moment.hour not in self.hours:
                moment = (moment + timedelta(hours=1)).replace(minute=0)
            elif moment.minute not in self.minutes:
                moment += timedelta(minutes=1)
            else:
                return moment
        return None

    def _on(self, moment: datetime) -> bool:
        day, weekday = moment.day in self.days, moment.isoweekday() % 7 in self.weekdays
        return (day and weekday) if self.any_day else (day or weekday)


def time_zone(name: str) -> tzinfo:
    """Raises Malformed for a zone that this machine doesn't know."""
    if name == "UTC":
        return UTC
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # only who names a zone pays for its import

    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise Malformed(f"unknown time zone {name}") from error


def parse(text: str) -> Schedule:
    """Raises Malformed."""
    words = WORDS.get(text.strip(), text).split()
    if len(words) != len(FIELDS):
        raise Malformed(f"expected exactly 5 fields, found {len(words)}: [{text.strip()}]")
    minutes, hours, days, months, weekdays = (_numbers(*pair) for pair in zip(words, FIELDS, strict=True))
    either = words[2][0] in "*?" or words[4][0] in "*?"
    return Schedule(minutes, hours, days, months, frozenset(day % 7 for day in weekdays), either)


def _numbers(word: str, field: tuple[str, int, int, list[str]]) -> frozenset[int]:
    return frozenset(number for part in word.split(",") for number in _range(part, field))


def _range(part: str, field: tuple[str, int, int, list[str]]) -> range:
    name, lowest, highest, _ = field
    span, slash, step = part.partition("/")
    first, dash, last = span.partition("-")
    if slash and (not step.isdigit() or int(step) == 0):
        raise Malformed(f"{name}: the step in {part!r} must be a number from 1")
    if span in ("*", "?"):
        return range(lowest, highest + 1, int(step or 1))
    start = _number(first, part, field)
    end = _number(last, part, field) if dash else highest if slash else start
    if end < start:
        raise Malformed(f"{name}: the beginning of {part!r} is after its end")
    return range(start, end + 1, int(step or 1))


def _number(text: str, part: str, field: tuple[str, int, int, list[str]]) -> int:
    name, lowest, highest, words = field
    if text.lower()[:3] in words and len(text) == 3:
        return words.index(text.lower()) + lowest
    if not text.isascii() or not text.isdigit() or not lowest <= int(text) <= highest:
        raise Malformed(f"{name}: {part!r} is not within {lowest} to {highest}")
    return int(text)
