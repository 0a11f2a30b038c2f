"""The picture itself: the same places whatever the policies, titles and words for everyone, nothing unescaped."""

import itertools
import math
import re
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest
from support.course import shop
from support.shop_world import app, drawn, policies, policy, scene

from helpers.display import palette
from helpers.display.drawing import dot, painting
from helpers.display.drawing.painting import plan_of
from helpers.display.drawing.pictures import architecture, graph
from helpers.display.drawing.words import fate_words
from helpers.lab.errors import DrawingError

SVG = "{http://www.w3.org/2000/svg}"


def parsed(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg.replace("&nbsp;", " "))


def boxes(svg: str) -> dict[str, str]:
    """The outline of each workload by its tooltip's first word."""
    found = {}
    for group in parsed(svg).iter(f"{SVG}g"):
        if "workload" in (group.get("class") or "").split():
            title = next(group.iter(f"{SVG}title")).text or ""
            box = next(group.iter(f"{SVG}rect"))
            found[title.split(":")[0]] = " ".join(box.get(name) or "" for name in ("x", "y", "width", "height"))
    return found


def test_nothing_moves_as_policies_pile_up() -> None:
    places = [boxes(drawn(*policies(count))) for count in (0, 1, 2, 9, 17)]
    assert len(places[0]) == 13
    assert all(other == places[0] for other in places)
    wide = policy("wide", {**app("redis-cart"), "ingress": [{"from": [app("adservice")]}]})
    assert boxes(drawn(wide)) == places[0]


def test_every_needed_call_has_a_place_for_its_label() -> None:
    found = scene(*policies(17))
    _, routes = plan_of(found)
    assert all(routes[edge.source, edge.target, edge.port, edge.protocol].label for edge in found.edges)


def test_it_has_a_role_a_title_and_a_description() -> None:
    root = parsed(drawn(*policies(1)))
    assert root.get("role") == "img"
    title, text = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert title is not None and text is not None
    assert root.get("aria-labelledby") == f"{title.get('id')} {text.get('id')}"
    assert "shipping-allow-checkout" in (title.text or "") and "frontend → shippingservice" in (text.text or "")


def test_two_pictures_in_a_page_share_no_id() -> None:
    picture = graph(objects=shop())
    first, second = (set(re.findall(r'\bid="([^"]+)"', picture.shown())) for _ in range(2))
    assert first and not first & second


def test_a_call_differs_by_colour_line_and_word() -> None:
    extra = policy("two", {**app("redis-cart"), "ingress": [{"from": [app("cartservice"), app("adservice")]}]})
    looks: dict[str, tuple[str | None, ...]] = {}
    for group in parsed(drawn(*policies(1), extra)).iter(f"{SVG}g"):
        kinds = set((group.get("class") or "").split())
        if "call" in kinds:
            path = next(group.iter(f"{SVG}path"))
            word = (next(group.iter(f"{SVG}title")).text or "").split(": ")[1].split(".")[0].split(" (")[0]
            (state,) = kinds & {"allowed", "blocked", "extra"}
            looks[state] = (path.get("stroke"), path.get("stroke-dasharray"), word)
    assert {word for _, _, word in looks.values()} == {
        "needed and allowed",
        "needed, but blocked",
        "allowed, though nobody needs it",
    }
    assert all(len({look[part] for look in looks.values()}) == 3 for part in range(3))


def test_arrows_carry_the_numbers_of_their_policies_and_the_key_their_names() -> None:
    text = ["".join(item.itertext()) for item in parsed(drawn(*policies(17))).iter(f"{SVG}text")]
    names = [one.removeprefix("[17] ") for one in text if one.startswith("[17] ")]
    assert names == ["frontend-allow-outside"] and text.count("[17]") == 1
    assert all(f"[{number}]" in text for number in range(1, 18))


def test_a_policy_keeps_its_number_when_another_one_comes() -> None:
    old, new = policies(2)
    old["metadata"]["creationTimestamp"], new["metadata"]["creationTimestamp"] = "2026-01-01T00:00:01Z", "2026-01-02"
    assert scene(old, new).listed == scene(new, old).listed
    assert scene(new, policy("a-draft", app("adservice")), old).listed[-1] == "default/a-draft"


def test_hostile_names_are_only_words() -> None:
    name = 'x"><script>alert(1)</script>\\N\\"'
    pod: dict[str, Any] = {
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "default", "labels": {"app": name}},
        "spec": {"containers": [{"name": "c", "ports": [{"containerPort": 80}]}]},
    }
    picture = graph(objects=[*shop(), pod, *policies(1)], title=f"<b>{name}")
    for shown in (picture.svg(), picture._repr_html_()):
        assert "<script>alert" not in shown and "<b>" not in shown
    assert parsed(picture.svg()) is not None


def test_files(tmp_path: Path) -> None:
    picture = graph(objects=shop())
    assert picture.save(tmp_path / "g.svg").read_text().startswith("<svg")
    assert picture.save(tmp_path / "g.png").read_bytes().startswith(b"\x89PNG")
    assert picture.save(tmp_path / "g.dot").read_text().startswith("digraph")
    assert picture.save(tmp_path / "g.pdf").read_bytes().startswith(b"%PDF-")
    with pytest.raises(DrawingError, match=r"\.svg"):
        picture.save(tmp_path / "g.gif")


def test_the_plan_shows_the_services_port_where_it_differs() -> None:
    picture = architecture(objects=[*shop(), *policies(3)])
    assert "5000 → 8080" in picture.svg() and "-allow-" not in picture.svg()
    assert "12 workloads and 17 arrows" in picture.sentence


def test_a_part_of_the_plan() -> None:
    picture = architecture(only=["checkoutservice", "shippingservice"], objects=shop())
    assert picture.sentence == "2 workloads and 1 arrow: checkoutservice → shippingservice TCP 50051."


def test_nothing_to_draw_is_said() -> None:
    assert "lab.deploy()" in graph(objects=[])._repr_html_() and "lab.deploy()" in repr(architecture(objects=[]))


def test_without_graphviz_the_words_remain(monkeypatch: pytest.MonkeyPatch) -> None:
    picture = architecture(objects=shop(), only=["frontend", "adservice"])
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    monkeypatch.setenv("PATH", "/nowhere")
    shown = picture._repr_html_()
    assert "graphviz-pure" in shown and "frontend → adservice" in shown and picture._repr_svg_() is None
    with pytest.raises(DrawingError, match="pip install graphviz-pure"):
        picture.svg()


def test_without_graphviz_a_graph_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dot, "executable", missing)
    painting._planned.cache_clear()
    picture = graph(objects=[*shop(), policy("new", app("adservice"))])
    assert "17" in picture.sentence and "graphviz" in picture._repr_html_()


def missing() -> str:
    raise DrawingError("Nothing on this machine can draw graphs: graphviz is missing.")


@pytest.mark.parametrize(("numbers", "words"), [([], ""), ([3], "[3]"), ([3, 14], "[3, 14]"), ([3, 14, 15], "[3, +2]")])
def test_numbers_fit_their_room(numbers: list[int], words: str) -> None:
    (edge, *_) = [edge for edge in scene(*policies(1)).edges if edge.state == "allowed"]
    assert fate_words(edge, numbers) == words


def linear(colour: str) -> list[float]:
    """A colour's red, green and blue as amounts of light, from 0 to 1."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    return [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]


def luminance(colour: str) -> float:
    red, green, blue = linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("dark", [False, True])
def test_words_and_lines_stand_out_from_their_ground(dark: bool) -> None:
    def shade(colour: str) -> str:
        return palette.DARK[colour] if dark else colour

    fills = (palette.PAPER, palette.INGRESS_FILL, palette.EGRESS_FILL, palette.BOTH_FILL)
    for fill in fills:
        assert contrast(shade(palette.INK), shade(fill)) >= 7
        assert contrast(shade(palette.QUIET), shade(fill)) >= 4.5
    for line in (palette.ALLOWED, palette.BLOCKED, palette.EXTRA):
        assert contrast(shade(line), shade(palette.PAPER)) >= 4.5
    assert contrast(shade(palette.INGRESS_WALL), shade(palette.INGRESS_FILL)) >= 3
    assert contrast(shade(palette.EGRESS_WALL), shade(palette.EGRESS_FILL)) >= 3


# How colours look to people with no red, green or blue cones: linear RGB to linear RGB (Machado and others, 2009).
BLINDNESS = {
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}
NOTICED = 10  # a difference of two colours in CIELAB that is seen at a glance; 2 is just seen side by side


def lab(colour: str, blindness: str) -> tuple[float, ...]:
    """A colour in CIELAB as such an eye sees it."""
    red, green, blue = (
        min(1.0, max(0.0, sum(weight * part for weight, part in zip(row, linear(colour), strict=True))))
        for row in BLINDNESS[blindness]
    )
    x, y, z = (
        (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505,
        0.2126 * red + 0.7152 * green + 0.0722 * blue,
        (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089,
    )
    x, y, z = (part ** (1 / 3) if part > 0.008856 else 7.787 * part + 16 / 116 for part in (x, y, z))
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("blindness", BLINDNESS)
def test_lines_and_walls_are_told_apart_without_one_kind_of_cones(blindness: str, dark: bool) -> None:
    for group in ((palette.ALLOWED, palette.BLOCKED, palette.EXTRA), (palette.INGRESS_WALL, palette.EGRESS_WALL)):
        for one, other in itertools.combinations([palette.DARK[colour] if dark else colour for colour in group], 2):
            assert math.dist(lab(one, blindness), lab(other, blindness)) > NOTICED, (one, other)
