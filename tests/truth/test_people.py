import hashlib
import subprocess
import sys

import cv2
import numpy as np
import pytest

from animelayers.truth.part import Cutout
from animelayers.truth.people import Person, people

DIGEST = """
import hashlib
from animelayers.truth.people import people
chosen = people()[::61]
print(hashlib.sha256(b"".join(p.draw("wave", 3, 120).rgba.tobytes() for p in chosen)).hexdigest())
"""


def named(name: str) -> Person:
    return next(p for p in people() if p.name == f"animelayers-{name}")


def of(word: str) -> list[Person]:
    return [p for p in people() if word in p.tags]


def luma(cut: Cutout) -> np.ndarray:
    return cut.rgba[cut.rgba[..., 3] == 255][:, :3].astype(float) @ (0.299, 0.587, 0.114)


def on_ground(cuts: list[Cutout], size: int = 300) -> np.ndarray:
    """Alphas (N, size, size) of drawings that share a pin."""
    sheets = np.zeros((len(cuts), size, size), np.uint8)
    for sheet, cut in zip(sheets, cuts, strict=True):
        x, y = round(size / 2 - cut.pin[0]), round(size * 0.9 - cut.pin[1])
        sheet[y : y + cut.rgba.shape[0], x : x + cut.rgba.shape[1]] = cut.rgba[..., 3]
    return sheets


def test_a_hand_belongs_to_one_split_and_draws_two_dozen_people():
    split = {p.source: set() for p in people()}
    for p in people():
        split[p.source].add(p.split)
    assert all(len(splits) == 1 for splits in split.values())
    for name in ("train", "val"):
        members = people(name)
        assert {p.split for p in members} == {name}
        assert len({p.source for p in members}) == 5
        assert len(members) == 5 * 24
    assert len({p.name for p in people()}) == len(people())
    with pytest.raises(ValueError, match="split"):
        people("test")


def test_equal_arguments_draw_equal_bytes_in_any_process():
    here = hashlib.sha256(b"".join(p.draw("wave", 3, 120).rgba.tobytes() for p in people()[::61])).hexdigest()
    there = subprocess.run(
        [sys.executable, "-c", DIGEST], capture_output=True, text=True, check=True
    ).stdout.strip()
    assert here == there


@pytest.mark.parametrize("person", people()[5::43], ids=lambda p: p.name)
def test_every_action_draws_a_figure(person):
    for action, count in person.actions.items():
        cut = person.draw(action, count // 2, 64)
        assert cut.rgba.dtype == np.uint8 and cut.rgba.ndim == 3 and cut.rgba.shape[2] == 4
        alpha = cut.rgba[..., 3]
        assert alpha.max() == 255 and alpha.min() == 0
        assert alpha[0].any() and alpha[-1].any() and alpha[:, 0].any() and alpha[:, -1].any(), (
            "cropped to what is drawn"
        )
    first, around = person.draw("nod", 1, 64), person.draw("nod", 1 + person.actions["nod"], 64)
    assert np.array_equal(first.rgba, around.rgba) and first.pin == around.pin, "drawings are counted around"


@pytest.mark.parametrize("height", [40, 150, 700])
def test_heights_are_honoured(height):
    for person in people()[2::23]:
        if (
            person.tags & {"from behind"}
            or person.look.extras
            or person.look.hair.crown not in ("smooth", "flat", "close")
        ):
            continue  # what stands up from a head is not its height
        cut = person.draw("still", 0, height)
        assert abs(cut.pin[1] - height) <= 0.06 * height + 2, person.name
        assert 0 <= cut.rgba.shape[0] - cut.pin[1] <= 0.02 * height + 2, "its soles are on the ground"


def test_who_talks_stands_still():
    for person in (named("cel/03"), named("wash/03")):
        alphas = on_ground([person.draw("talk", k, 200) for k in range(person.actions["talk"])])
        assert np.array_equal(alphas.min(0)[120:], alphas.max(0)[120:]), "only the head moves"
        mouths = {person.draw("talk", k, 200).rgba.tobytes() for k in range(6)}
        assert len(mouths) >= 5


def test_who_walks_moves_legs_and_stays_on_the_ground():
    person = named("shonen/04")
    cuts = [person.draw("walk", k, 200) for k in range(8)]
    legs = on_ground(cuts)[:, 210:270] > 127
    widths = [int(np.ptp(np.flatnonzero(leg.any(0)))) for leg in legs]
    assert max(widths) > 1.6 * min(widths), "strides and passing legs"
    assert all(abs(c.rgba.shape[0] - c.pin[1]) < 3 for c in cuts)
    jump = [person.draw("jump", k, 200) for k in range(person.actions["jump"])]
    assert max(c.pin[1] - c.rgba.shape[0] for c in jump) > 20, "the ground stays where it is"


def test_wind_moves_hair_and_cloth_but_no_feet():
    person = named("cel/00")
    alphas = on_ground([person.draw("wind", k, 200) for k in range(12)])
    assert (alphas.max(0) != alphas.min(0))[:230].sum() > 200
    assert np.array_equal(alphas.max(0)[262:], alphas.min(0)[262:])


def test_tags_are_true():
    for word, least, most in (("white", 200, 255), ("dark", 0, 75), ("outline", 215, 255)):
        assert {p.split for p in of(word)} == {"train", "val"}
        for person in of(word)[::4]:
            assert least <= np.median(luma(person.draw("still", 0, 160))) <= most, (word, person.name)
    for person in of("outline")[::5]:
        assert np.mean(luma(person.draw("still", 0, 160)) < 90) > 0.04, "and it has lines"
    for person in of("grey")[::9]:
        assert np.ptp(person.draw("still", 0, 60).rgba[..., :3].astype(int), axis=-1).max() == 0
    assert all("talk" not in p.actions for p in of("from behind"))


def test_alpha_is_coverage_in_one_piece():
    for person in people()[7::19]:
        alpha = person.draw("still", 0, 400).rgba[..., 3]
        count, _, stats, _ = cv2.connectedComponentsWithStats((alpha > 0).astype(np.uint8))
        assert np.sum(stats[1:, cv2.CC_STAT_AREA] > 3) == 1 and count < 4, (
            f"{person.name}: something hangs in the air"
        )
        rim = np.mean((alpha > 0) & (alpha < 255)) / np.mean(alpha > 0)
        assert 0 < rim < 0.1


def test_a_bust_is_the_upper_part_of_the_whole():
    person = named("pastel/04")
    whole, bust = person.draw("still", 0, 500), person.draw("still", 0, 500, "bust")
    rows, left = bust.rgba.shape[0], round(whole.pin[0] - bust.pin[0])
    assert 150 < rows < 300
    same = whole.rgba[: rows - 2, left : left + bust.rgba.shape[1]]
    assert np.array_equal(same[..., 3], bust.rgba[:-2, :, 3])
    assert bust.pin[1] == rows - 0.5


def test_what_cannot_be_drawn_says_so():
    person = people("val")[0]
    with pytest.raises(KeyError, match="no action 'fly'"):
        person.draw("fly", 0, 100)
    with pytest.raises(ValueError, match="24 to 4000"):
        person.draw("still", 0, 5)
    with pytest.raises(ValueError, match="bust"):
        person.draw("still", 0, 100, "legs")


def test_hands_of_the_splits_draw_hair_by_rules_of_their_own():
    fringes = {split: {p.look.hair.fringe for p in people(split)} - {"bare"} for split in ("train", "val")}
    assert not fringes["train"] & fringes["val"]
    crowns = {
        split: {p.look.hair.crown for p in people(split)} - {"smooth", "close", "big", "tousled", "none"}
        for split in ("train", "val")
    }
    assert not crowns["train"] & crowns["val"]
    assert len({p.look.face.eyes.iris for p in people() if not p.look.old}) >= 10
