from __future__ import annotations

from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest

from animelayers.quality.candidate import Candidate
from animelayers.quality.figures import FIGURES
from animelayers.quality.frame import measured
from animelayers.quality.score import score
from animelayers.quality.shot import transitions
from animelayers.quality.truth_folder import TruthFolder
from animelayers.quality.truth_set import TruthSet
from animelayers.quality.truths import TrueShot
from animelayers.samples import scene, write, write_stills
from tests.quality import sets
from tests.quality.conftest import Scored

WALK, CROSS, EMPTY, STAY = ("a.mkv", 0), ("a.mkv", 1), ("b.mkv", 0), ("b.mkv", 1)
BEST = {
    "character_iou": 1,
    "effect_iou": 1,
    "ids_kept": 1,
    "cut_found": 1,
    "transition_precision": 1,
    "transition_recall": 1,
    "held_precision": 1,
    "held_recall": 1,
    "camera_known": 1,
}


def test_the_truth_itself_is_perfect(truth_set: Path) -> None:
    rows, pictures = score(partial(TruthSet, truth_set), {"truth": str(truth_set)})
    assert [(row["film"], row["shot"]) for row in rows] == [WALK, CROSS, EMPTY, STAY] and len(pictures) == 4
    for row in rows:
        for name in FIGURES:
            best = 100 if name.endswith("_db") else BEST.get(name, 0)
            if name == "over_mask_db":  # a film that hides nothing is as well known by its masks
                assert row[name] is None or row[name] >= 0
                continue
            if name == "recompose_db" and row["film"] == "b.mkv" and row["shot"] == 0:
                continue  # what lies over the picture is no layer
            assert row[name] is None or row[name] == best, (row["film"], row["shot"], name)
    assert rows[0]["traits"] == ["one", "people"] and rows[0]["sources"] == ["figure:a", "background:b"]
    told = {name for name in FIGURES if any(row[name] is not None for row in rows)}
    assert told == set(FIGURES), "this set tells every figure"
    assert (
        rows[0]["false_character"] is None
        and rows[2]["character_iou"] is None
        and rows[2]["false_character"] == 0
    )


def test_nothing_scores_worst(truth_set: Path, tmp_path: Path) -> None:
    other = sets.store([sets.clip("elsewhere", 0, 0, [[4, 12, 20, 28]])], tmp_path / "out")
    rows, _ = score(partial(TruthSet, truth_set), {"x": str(other)})
    for row in rows:
        assert row["missing"] == row["frames"] == sets.LONG
        assert row["camera_known"] == 0 and row["camera_px"] is None and row["held_recall"] == 0
        assert row["recompose_db"] < 15 and (row["hole_db"] is None or row["hole_db"] < 15)
    assert [row["character_iou"] for row in rows] == [0, 0, None, 0] and rows[2]["effect_iou"] == 0
    assert rows[1]["ids_kept"] == 0 and rows[1]["cut_found"] == 0 and rows[0]["cut_found"] is None


def test_transitions_are_told_missed_or_made_up() -> None:
    """A film of three shots: a dissolve of frames 8 to 11 between the first two, a cut before 24."""
    alone = [t not in range(8, 12) for t in range(36)]
    shots = [
        TrueShot("a", n, first, last, (), (), tuple(alone[first : last + 1]), opens=opens)
        for n, (first, last, opens) in enumerate([(0, 11, None), (12, 23, (7, 12)), (24, 35, (23, 25))])
    ]

    def said(*frames: int) -> list[tuple[float | None, float | None]]:
        return list(
            transitions(
                shots, {t: {"flags": "interlaced,transition" if t in frames else "ok"} for t in range(36)}
            )
        )

    assert said(9, 10) == [(1, None), (None, 1), (None, None)]
    assert said() == [(None, None), (None, 0), (None, None)]
    assert said(6, 7, 8, 14, 15, 17, 30) == [(1, None), (0, 1), (0, None)], "three runs begin nowhere"
    assert list(transitions(shots, {})) == [(None, None), (None, 0), (None, None)]


def test_a_camera_that_drifts_is_as_far_off_as_it_drifts(scored: Scored) -> None:
    def drift(shots: list[sets.Clip]) -> None:
        shots[0]["homography"][:, 0, 2] += 7 + 2 * np.arange(4)  # the plate's own place is nobody's error
        shots[1]["camera_motion"] = "unknown"

    rows = scored(drift)
    # of the second, third and fourth drawing, which are shown twice each, and the first one's repeat
    assert (
        rows[WALK]["camera_px"] == pytest.approx((0 + 2 * (2 + 4 + 6)) / 7)
        and rows[WALK]["camera_known"] == 1
    )
    assert rows[CROSS]["camera_px"] is None and rows[CROSS]["camera_known"] == 0
    assert rows[WALK]["character_iou"] == 1


def test_shots_that_are_one_and_shots_that_are_two(scored: Scored) -> None:
    def wrong(shots: list[sets.Clip]) -> None:
        shots[1]["scene_id"] = "scene0000"
        shots[1]["clip_id"] = f"a/scene0000/{sets.LONG:06d}"

    rows = scored(wrong)
    assert rows[CROSS]["cut_found"] == 0 and rows[CROSS]["false_cuts"] == 0 and rows[STAY]["cut_found"] == 1


def test_a_cut_within_a_dissolve_is_right_and_one_elsewhere_is_not(truth_set: Path, tmp_path: Path) -> None:
    def cut(at: int) -> list[dict[str, object]]:
        shots = sets.clips()[2:]
        both = {
            name: np.concatenate([shot[name] for shot in shots]) for name in ("frame_index", "timestamp_s")
        }
        rows = []
        for number, part in enumerate((slice(None, at), slice(at, None))):
            index = both["frame_index"][part]
            half = sets.clip("b", number, int(index[0]), [])
            order = np.arange(len(index), dtype=np.int32)
            half |= {
                "frame_index": index,
                "timestamp_s": both["timestamp_s"][part],
                "drawing": order,
                "transition": ["none"] * len(index),
            }
            half |= {
                name: np.repeat(half[name][:1], len(index), 0)
                for name in ("character", "instances", "effect", "overlay", "background")
            }
            rows.append(half | {"homography": np.tile(np.eye(3), (len(index), 1, 1))})
        found, _ = score(partial(TruthSet, truth_set), {"x": str(sets.store(rows, tmp_path / str(at)))})
        return [row for row in found if row["film"] == "b.mkv"]

    assert [(row["cut_found"], row["false_cuts"]) for row in cut(6)] == [(None, 0), (1, 0)]
    assert [(row["cut_found"], row["false_cuts"]) for row in cut(9)] == [(None, 0), (1, 0)]
    assert [(row["cut_found"], row["false_cuts"]) for row in cut(3)] == [(None, 1), (0, 0)]


def test_ids_that_are_swapped_are_found(scored: Scored) -> None:
    def swap(shots: list[sets.Clip]) -> None:
        labels = shots[1]["instances"]
        labels[2:] = np.array([0, 2, 1], np.uint8)[labels[2:]]

    rows = scored(swap)
    assert rows[CROSS]["ids_kept"] == 0.5 and rows[CROSS]["id_switches"] == 2
    assert rows[WALK]["ids_kept"] == 1


def test_what_lies_over_the_picture_is_no_figure_and_a_dissolve_is_not_scored(scored: Scored) -> None:
    def overlaid(shots: list[sets.Clip]) -> None:
        shots[2]["character"][:, -8:] = 255
        shots[2]["character"][-1] = 255  # the drawing of the dissolve alone

    rows = scored(overlaid)
    assert rows[EMPTY]["false_character"] == pytest.approx(8 / sets.HEIGHT)


def test_an_effect_of_another_colour_and_a_background_that_flickers(scored: Scored) -> None:
    def other(shots: list[sets.Clip]) -> None:
        shots[2]["effect"][..., 0] -= np.where(shots[2]["effect"][..., 3] > 0, 30, 0).astype(np.uint8)
        shots[3]["background"][1::2] += 10

    rows = scored(other)
    assert rows[EMPTY]["effect_colour"] == pytest.approx(10) and rows[EMPTY]["effect_iou"] == 1
    # 3 of 7 steps change it
    assert rows[STAY]["background_flicker"] == pytest.approx(10 * 3 / 7) and rows[STAY]["hole_db"] < 35


def test_a_film_without_colours_tells_none(truth_set: Path) -> None:
    truth = TruthSet(truth_set)
    shot = truth.shots[2]
    layers = truth.layers(shot, 0)
    grey = np.repeat(cv2.cvtColor(layers.background, cv2.COLOR_RGB2GRAY)[..., None], 3, 2)
    said = Candidate(truth.output).layers(Candidate(truth.output).film("b.mkv")[0], layers.character.shape)
    said = said._replace(
        background=grey,
        effect=np.dstack([np.repeat(said.effect[..., :1] // 2 + 80, 3, 2), said.effect[..., 3]]),
    )
    found = measured(layers, said, grey, None)
    assert (
        found.squares["behind_effect_db"][0] == 0
        and measured(layers, said, layers.background, None).squares["behind_effect_db"][0] > 0
    )
    assert (
        found.means["effect_colour"] < measured(layers, said, layers.background, None).means["effect_colour"]
    )


def test_drawings_that_are_not_held(scored: Scored) -> None:
    def each(shots: list[sets.Clip]) -> None:
        shots[0] |= {
            name: shots[0][name].repeat(2, 0)
            for name in ("character", "instances", "effect", "overlay", "background", "homography")
        }
        shots[0]["drawing"] = np.arange(sets.LONG, dtype=np.int32)
        shots[3] |= {
            name: shots[3][name][:1]
            for name in ("character", "instances", "effect", "overlay", "background", "homography")
        }
        shots[3]["drawing"] = np.zeros(sets.LONG, np.int32)

    rows = scored(each)
    assert (
        rows[WALK]["held_recall"] == 0
        and rows[WALK]["held_precision"] is None
        and rows[WALK]["character_iou"] == 1
    )
    assert rows[STAY]["held_precision"] == pytest.approx(1 / 7) and rows[STAY][
        "held_recall"
    ] == pytest.approx(1 / 4)


def test_a_folder_of_films_and_stills_with_their_layers(tmp_path: Path) -> None:
    shots = [scene("crossing", 4, (96, 54)), scene("pan", 4, (96, 54))]
    write(shots, "film", tmp_path / "in", tmp_path / "in" / "film")
    write_stills(shots[0], [3], tmp_path / "in" / "stills")
    opened = partial(TruthFolder, tmp_path / "in", tmp_path / "seen")
    truth = opened()
    names = ["film.mkv", "film.mkv", "stills/crossing_00003.composite.png"]
    assert [shot.film for shot in truth.shots] == names
    assert {p.name for p in truth.films.rglob("*") if p.is_file()} == {Path(name).name for name in names}, (
        "a job sees no truth"
    )
    assert (
        truth.shots[0].opens is None
        and truth.shots[1].opens == (3, 5)
        and truth.shots[2].traits == ("still_picture",)
    )
    assert truth.shots[0].drawings == (0, 0, 1, 1) and truth.shots[1].drawings == (0, 1, 2, 3), (
        "while the camera pans nothing is held"
    )
    assert (truth.shots[1].cameras[:, 0, 2] == shots[1].pan).all()  # type: ignore[index]
    layers = truth.layers(truth.shots[1], 5)
    assert np.array_equal(layers.background, shots[1].background[1]) and np.array_equal(
        layers.character, shots[1].character[1]
    )
    rows, _ = score(opened, {"x": str(sets.store([sets.clip("film", 0, 0, [])], tmp_path / "out"))})
    assert rows[0]["missing"] == 0 and rows[0]["character_iou"] == 0 and rows[2]["missing"] == 1
    with pytest.raises(FileNotFoundError, match=r"no FILM/truth\.json"):
        TruthFolder(tmp_path / "out", tmp_path / "seen")
