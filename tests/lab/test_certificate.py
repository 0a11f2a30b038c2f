"""The certificate: what was done, when, and the shop in the end; frank about what it is."""

from pathlib import Path

import pytest
from support.course import INGRESS, read, shop

from helpers.lab.cluster import looking
from helpers.lab.course import record
from helpers.lab.course.certificate import certificate, matrix
from helpers.lab.errors import LabError
from helpers.policies import World
from helpers.policies.application.need import needs
from helpers.policies.application.reach import Reach


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAB_HOME", str(tmp_path / "lab"))
    monkeypatch.setattr(looking, "objects", lambda: [*shop(), *read(*sorted(INGRESS.glob("*-allow-*.yaml")))])


def test_it_says_what_was_done_and_that_nobody_signed_it(tmp_path: Path) -> None:
    record.note("03-payment", passed=False, mistake="protocol", said="Another protocol.")
    record.note("03-payment", passed=True, mistake="", said="")
    found = certificate("  Ada <b>Lovelace</b> ", tmp_path)
    assert found.path == tmp_path / "certificate-ada-b-lovelace-b.html" and str(found.path) in repr(found)
    page = found.path.read_text("utf-8")
    for said in (
        "Ada &lt;b&gt;Lovelace&lt;/b&gt;",
        "has done 1 of the course's",
        "03-payment",
        "2 tries",
        "not signed",
    ):
        assert said in page
    assert "Another protocol" not in page and "://" not in page
    assert page.count('<td class="needed"') >= 15 and 'class="blocked"' not in page and 'class="open"' not in page
    assert "srcdoc=" in found._repr_html_() and "<b>Lovelace" not in found._repr_html_()


def test_an_open_shop_and_a_broken_one_are_drawn_as_they_are() -> None:
    def drawn(*policies: Path) -> str:
        world = World.of([*shop(), *read(*policies)])
        return matrix(Reach.of(world, needs(world)))

    assert 'class="open"' in drawn() and 'class="blocked"' not in drawn()
    assert 'class="blocked"' in drawn(INGRESS / "01-shipping-allow-checkout.yaml")
    assert matrix(Reach.of(World.of([]), needs(World.of([])))).startswith("<p>No application")


def test_nobody_gets_one_for_nothing_or_without_a_name(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="No task of the course is done yet"):
        certificate("Ada", tmp_path)
    with pytest.raises(LabError, match="Say whose"):
        certificate(" ", tmp_path)
    record.note("00-sandbox", passed=True, mistake="", said="")
    with pytest.raises(LabError, match="can't be written"):
        certificate("Ada", tmp_path / "none")
    assert certificate("../../✓", tmp_path).path.parent == tmp_path
