"""The score fills up while policies come, and says so as text too."""

import time

from support.situations import BROKEN, CLUSTER, INGRESS, Json, applied

from helpers.display.widgets.scoreboard import Scoreboard, page
from helpers.lab.course.checks.score import Score, scored
from helpers.lab.course.checks.situation import Situation


def board(policies: list[Json]) -> Scoreboard:
    def score() -> Score:
        return scored(Situation((*CLUSTER, *policies)))

    return Scoreboard(lambda: policies, score, period=0.02)


def test_the_score_follows_the_policies() -> None:
    policies: list[Json] = []
    one = board(policies)
    assert repr(one).startswith("0 of 17. 0 of 17 arrows are right, and 17 are still open.")
    one.start()
    try:
        policies += INGRESS
        deadline = time.monotonic() + 10
        while one.score.right < 17 and time.monotonic() < deadline:
            time.sleep(0.02)
        assert repr(one).startswith("17 of 17. 17 of 17 arrows are right.")
        assert "17 of 17</strong>" in one.pane.html and "shipping-allow-checkout" in one.pane.html
    finally:
        one.stop()
    assert not one.running


def test_each_state_has_a_word_and_a_sign() -> None:
    mixed = page(scored(Situation((*CLUSTER, *applied(*INGRESS, *BROKEN)))))
    assert all(word in mixed for word in ("✓ right", "✗ stopped", "↔ too wide", "3 of 17 are wrong"))
    assert "○ open" in page(scored(Situation(tuple(CLUSTER))))
