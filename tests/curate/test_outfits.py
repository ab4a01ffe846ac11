"""Outfits that are proposed for a character."""

from __future__ import annotations

import numpy as np

from animelayers.curate.evidence import clothes
from animelayers.curate.identity import UNKNOWN
from animelayers.curate.outfits import proposed
from animelayers.curate.roster import Member, parse, text
from animelayers.curate.tracklets import Tracklet, Tracklets

HAIR, SKIN = (70, 40, 60), (250, 220, 200)
SCHOOL, WINTER = (30, 50, 140), (200, 40, 50)


def figure(coat: tuple[int, int, int], whole: bool, light: float = 1.0) -> np.ndarray:
    """Hair, face with a white collar and coat, and of a whole one legs; RGBA."""
    rows = [
        (HAIR, 12),
        (SKIN, 8),
        ((250, 250, 250), 4),
        (coat, 40),
        *([(SKIN, 16), (HAIR, 20)] if whole else []),
    ]
    colour = np.concatenate([np.full((high, 40, 3), each) for each, high in rows])
    return np.dstack([colour * light, np.full(colour.shape[:2], 255)]).astype(np.uint8)


def test_clothes_are_known_in_any_frame_and_light() -> None:
    school = clothes(figure(SCHOOL, whole=True), True)
    assert (
        school @ clothes(figure(SCHOOL, whole=False), False) > 0.8
        and school @ clothes(figure(SCHOOL, True, 0.6), True) > 0.8
    )
    assert school @ clothes(figure(WINTER, whole=True), True) < 0.4
    assert not clothes(np.zeros((9, 9, 4), np.uint8), True).any()


def cast_of(
    *tracks: tuple[str, int, tuple[int, int, int] | None],
) -> tuple[dict[str, Member], Tracklets, np.ndarray]:
    """Tracks by name of their character, frames and coat (None: a close-up)."""
    found = Tracklets(
        [Tracklet(f"film/scene{i:04d}/1", frames, ()) for i, (_, frames, _) in enumerate(tracks)],
        np.zeros((0, 2), int),
    )
    made = {
        track.name: Member(name, 0.9, False, track.frames, "")
        for track, (name, *_) in zip(found.tracks, tracks, strict=True)
    }
    worn = np.stack(
        [
            np.zeros(1024, np.float32) if coat is None else clothes(figure(coat, True), True)
            for *_, coat in tracks
        ]
    )
    return made, found, worn


def test_two_coats_are_two_outfits_and_what_shows_none_keeps_the_name() -> None:
    made, found, worn = cast_of(
        ("akari", 10, SCHOOL), ("akari", 30, WINTER), ("akari", 10, SCHOOL), ("akari", 50, None), ("akari", 2, (90, 200, 60)),
        ("ren", 20, SCHOOL), ("ren", 20, SCHOOL), (UNKNOWN, 9, WINTER),
    )  # fmt: skip
    roster = proposed(made, found, worn, frozenset(), 0.5, 6)
    names = [roster[track.name].name for track in found.tracks]
    assert names == [
        "akari (outfit 2)",
        "akari (outfit 1)",
        "akari (outfit 2)",
        "akari",
        "akari",
        "ren",
        "ren",
        UNKNOWN,
    ]
    assert (
        parse(text(roster), [track.name for track in found.tracks])["film/scene0001/1"] == "akari (outfit 1)"
    ), "in the file people edit"


def test_names_that_stand_are_a_persons_own() -> None:
    made, found, worn = cast_of(("akari", 10, SCHOOL), ("akari", 30, WINTER))
    assert proposed(made, found, worn, frozenset({"akari"}), 0.5, 6) == made
