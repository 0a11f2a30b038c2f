"""Who is stuck, on what, and in which order a teacher goes round; what a report may say; what the CSV holds."""

import csv
import io
from typing import Any

import pytest
from support.workshop import Attendee

from helpers.lab.course.record import Attempt
from helpers.lab.course.report import Hand, Report
from helpers.workshop import csv_report
from helpers.workshop.limits import Limit
from helpers.workshop.roll import Seat
from helpers.workshop.standing import Standing

TASKS = ("00-sandbox", "03-payment", "04-cart")


def standing(*attendees: Attendee, now: float = 2000.0, seen: float = 1990.0) -> Standing:
    seats = [
        Seat(at + 1, Report(person.name, person.attempts, person.hand), seen) for at, person in enumerate(attendees)
    ]
    return Standing.of(seats, TASKS, now)


def test_who_needs_help_most_is_on_top() -> None:
    hand = Attendee("hand", hand=Hand("my page", 1500))
    earlier = Attendee("earlier", hand=Hand("lost", 1400))
    twice = Attendee("twice").tries("03-payment", "protocol").tries("03-payment", "protocol")
    once = Attendee("once").tries("03-payment", "protocol")
    done = Attendee("done")
    for task in TASKS:
        done.tries(task, done=True)
    calm = Attendee("calm").tries("00-sandbox", done=True)
    found = standing(done, calm, once, twice, hand, earlier)
    assert [seat.report.nickname for seat in found.seats] == ["earlier", "hand", "twice", "once", "calm", "done"]


def test_the_silent_come_before_those_who_work() -> None:
    found = Standing.of([Seat(1, Report("works"), 1990.0), Seat(2, Report("silent"), 1000.0)], TASKS, 2000.0)
    assert [seat.number for seat in found.seats] == [2, 1]
    assert [(row["minutes"], row["silent"]) for row in found.as_dict()["rows"]] == [(16, True), (0, False)]


def test_the_headline_names_task_and_hint() -> None:
    people = [Attendee(str(at)).tries("03-payment", "service-port") for at in range(5)]
    people += [Attendee("a").tries("03-payment", "protocol"), Attendee("b").tries("03-payment", "turned-round")]
    people += [Attendee("c").tries("04-cart", "missing-caller"), Attendee("d")]
    assert standing(*people).headlines == [
        "7 of 9 are at 03-payment, 5 of them with “service port”",
        "1 of 9 is at 04-cart, with “missing caller”",
    ]


def test_one_is_stuck_at_the_task_begun_last_and_not_at_what_is_done_or_skipped() -> None:
    person = Attendee("p").tries("03-payment", "protocol", now=1).tries("04-cart", "protocol", now=2)
    person.attempts["00-sandbox"] = Attempt(first=3, tries=2, hint="no-label", skipped=True)
    assert standing(person).headlines == ["1 of 1 is at 04-cart, with “protocol”"]
    assert standing(person.tries("04-cart", done=True)).headlines == ["1 of 1 is at 03-payment, with “protocol”"]
    assert [cell[0] for cell in standing(person).as_dict()["rows"][0]["cells"]] == ["skipped", "tried", "done"]


GOOD: dict[str, Any] = Report("Ada", {"03-payment": Attempt(1.0, 0.0, 2, "protocol")}, Hand("help", 5.0)).as_dict()
TASK = GOOD["tasks"]["03-payment"]


def test_a_report_is_read_as_it_was_written() -> None:
    found = Report.read(GOOD)
    assert found.as_dict() == GOOD and found.attempts["03-payment"].hint == "protocol"


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        {},
        GOOD | {"nickname": 7},
        GOOD | {"more": 1},
        GOOD | {"tasks": {"<b>": TASK}},
        GOOD | {"tasks": {f"t{at}": TASK for at in range(100)}},
        GOOD | {"tasks": {"03-payment": TASK | {"tries": -1}}},
        GOOD | {"tasks": {"03-payment": TASK | {"tries": True}}},
        GOOD | {"tasks": {"03-payment": TASK | {"hint": "kind: NetworkPolicy"}}},
        GOOD | {"tasks": {"03-payment": TASK | {"first": float("nan")}}},
        GOOD | {"tasks": {"03-payment": TASK | {"first": 1e30}}},
        GOOD | {"tasks": {"03-payment": {**TASK, "yaml": ""}}},
        GOOD | {"hand": {"text": "x"}},
        GOOD | {"hand": []},
    ],
    ids=lambda value: str(value)[-60:],
)
def test_what_no_lab_would_say_is_refused(wrong: object) -> None:
    with pytest.raises(ValueError):
        Report.read(wrong)


def test_names_are_one_short_line_without_anything_that_steers() -> None:
    found = Report.read(GOOD | {"nickname": "  A\nda \x1b[31m\u202e" + "x" * 500})
    assert found.nickname.startswith("A da ") and len(found.nickname) <= 40
    assert found.nickname.isprintable()


def test_the_csv_has_a_line_a_seat_and_task_and_no_formulas() -> None:
    out = io.StringIO()
    ada = Attendee("=HYPERLINK(1)").tries("03-payment", "protocol", now=60.0).tries("03-payment", done=True, now=150.0)
    csv_report.write(standing(ada).seats, TASKS, out)
    rows = list(csv.DictReader(io.StringIO(out.getvalue())))
    assert len(rows) == 3 and {row["nickname"] for row in rows} == {"'=HYPERLINK(1)"}
    payment = rows[1]
    assert (payment["task"], payment["state"], payment["tries"], payment["minutes"]) == (
        "03-payment",
        "done",
        "2",
        "1.5",
    )
    assert payment["done"] == "1970-01-01T00:02:30Z" and rows[0]["state"] == "untouched"


def test_a_limit_gives_a_burst_and_then_its_rate() -> None:
    now = [0.0]
    limit = Limit(2, 3, lambda: now[0], room=2)
    assert [limit.take("a") for _ in range(4)] == [True, True, True, False]
    now[0] = 0.5
    assert limit.allows("a") and limit.take("a") and not limit.take("a") and limit.take("b")
    assert limit.take("c") and limit.take("a")  # the oldest was forgotten: room is bounded
