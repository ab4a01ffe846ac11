"""The tracking stage as a step."""

from pathlib import Path

import numpy as np
import pytest

from animelayers import job
from animelayers.engine.ledger import Ledger
from animelayers.engine.worker import Worker
from animelayers.imaging.masks import islands, overlap
from animelayers.models.flow import DIS
from animelayers.models.track import Linked
from animelayers.record.schema import blank
from animelayers.samples import scene
from animelayers.stages.track import Track
from tests.lists import listed, words_of


def row(count: int = 8) -> dict[str, object]:
    shot = scene("standing", 3 * count, (240, 135))
    which = sorted({int(np.flatnonzero(shot.drawing == k)[0]) for k in shot.drawing})
    names = " ".join(["modnet+u2net"] * len(which))
    return {
        "clip_id": "a",
        "error": "",
        "frames": shot.frames[which],
        "character": shot.character[which],
        "matte_model": names,
    }


def test_columns_of_a_clip() -> None:
    given = row()
    (made,) = Track(Linked()).run([given])
    assert made["error"] == "" and made["matte_model"] == given["matte_model"]
    assert made["instances"].shape == made["character"].shape and made["instances"].dtype == np.uint8
    assert np.array_equal(made["instances"] > 0, made["character"] > 127)
    assert words_of(made, "instance_ids").split() == ["1"] * len(made["character"])


def test_a_lost_matte_comes_back_with_its_name() -> None:
    given = row()
    character, names = np.array(given["character"]), str(given["matte_model"]).split()
    character[2], names[2] = 0, "none"
    (made,) = Track(Linked()).run([{**given, "character": character, "matte_model": " ".join(names)}])
    assert made["matte_model"] == given["matte_model"] and words_of(made, "instance_ids").split()[2] == "1"
    (left,) = Track(Linked(), smoothing=0).run(
        [{**given, "character": character, "matte_model": " ".join(names)}]
    )
    assert words_of(left, "instance_ids").split()[2] == "none" and np.array_equal(
        left["character"], character
    )


def test_the_chosen_flow_steadies_too() -> None:
    words = ["output=nowhere", "source.path=nowhere", "stages.track.step.flow=${stages.camera.step.flow}"]
    step = job.stages(job.compose("decompose", words))["track"].step
    chosen = Worker({"track": step}, (), Ledger(Path("nowhere"), "run")).steps["track"]
    given = row()
    noise = np.random.default_rng(0).integers(0, 60, np.shape(given["character"]), np.uint8)
    flickering = {
        **given,
        "character": np.where(np.array(given["character"]) > 0, 255 - noise, 0).astype(np.uint8),
    }
    (made,), (plain,) = (track.run([flickering]) for track in (chosen, Track(Linked())))
    assert isinstance(chosen.flow, DIS) and made["error"] == ""
    assert not np.array_equal(made["character"], plain["character"]), "another preset at another size"
    calm = [np.abs(np.diff(m["character"].astype(int), axis=0)).mean() for m in (flickering, made)]
    assert calm[1] < 0.8 * calm[0]


def crossing(count: int) -> tuple[dict[str, object], np.ndarray]:
    """Two figures that walk past each other, the one in front hiding the other for a while, and whose each
    pixel is.
    """
    shot = scene("crossing", 24, (480, 270))
    which = sorted({int(np.flatnonzero(shot.drawing == k)[0]) for k in shot.drawing})[:count]
    names = " ".join(["modnet"] * len(which))
    return {
        "clip_id": "a",
        "error": "",
        "frames": shot.frames[which],
        "character": shot.character[which],
        "matte_model": names,
    }, shot.instances[which]


def right(labels: np.ndarray, truth: np.ndarray) -> list[float]:
    """Overlap of each figure with the id it has in the first drawing that shows both, for each drawing and
    figure.
    """
    start = next(t for t, plane in enumerate(truth) if {1, 2} <= set(np.unique(plane)))
    ids = {k: int(np.bincount(labels[start][truth[start] == k]).argmax()) for k in (1, 2)}
    return [
        overlap(plane == ids[k], known == k)
        for plane, known in zip(labels, truth, strict=True)
        for k in ids
        if (known == k).any()
    ]


def test_figures_that_touch_are_kept_apart_by_their_segments() -> None:
    given, truth = crossing(12)
    both = [t for t in range(len(truth)) if {1, 2} <= set(np.unique(truth[t]))]
    swapped = np.array([0, 2, 1], np.uint8)  # the best score is now one's, now the other's
    order = np.stack([plane if t % 2 else swapped[plane] for t, plane in enumerate(truth)])
    scores = listed("segment_scores", " ".join(["person:0.9,person:0.8"] * len(truth)))
    (alone,) = Track(Linked(), smoothing=0).run([given])
    (made,) = Track(Linked(), smoothing=0).run([{**given, "segments": order, "segment_scores": scores}])
    assert made["error"] == "" and np.array_equal(made["instances"] > 0, made["character"] > 127)
    assert set(np.unique(made["instances"])) == {0, 1, 2} and len(both) >= 6
    assert min(right(made["instances"], truth)) > 0.95 and np.mean(right(made["instances"], truth)) > np.mean(
        right(alone["instances"], truth)
    )
    # Pieces without a name say nothing of who is who.
    (pieces,) = Track(Linked(), smoothing=0).run(
        [
            {
                **given,
                "segments": order,
                "segment_scores": listed("segment_scores", " ".join([":0.9,:0.8"] * len(truth))),
            }
        ]
    )
    assert np.array_equal(pieces["instances"], alone["instances"])


def test_two_who_touch_in_every_drawing_are_two() -> None:
    given, truth = crossing(12)
    touching = [
        t
        for t in range(len(truth))
        if {1, 2} <= set(np.unique(truth[t])) and _one_island(np.asarray(given["character"])[t] > 127)
    ]
    part = {
        **given,
        **{name: np.asarray(given[name])[touching] for name in ("frames", "character")},
        "matte_model": " ".join(["modnet"] * len(touching)),
    }
    assert len(touching) >= 2
    (alone,) = Track(Linked(), smoothing=0).run([part])
    assert set(np.unique(alone["instances"])) == {0, 1}
    scores = listed("segment_scores", " ".join(["person:0.9,person:0.8"] * len(touching)))
    (made,) = Track(Linked(), smoothing=0).run(
        [{**part, "segments": truth[touching], "segment_scores": scores}]
    )
    assert (
        words_of(made, "instance_ids").split() == ["1,2"] * len(touching)
        and min(right(made["instances"], truth[touching])) > 0.9
    )


def _one_island(mask: np.ndarray) -> bool:
    return len(islands(mask, 1 / 500)) == 1


@pytest.mark.parametrize("count", [0, 1])
def test_clips_without_or_with_one_drawing(count: int) -> None:
    frames = np.zeros((count, 20, 30, 3), np.uint8) if count else blank("frames")
    given = {
        "clip_id": "a",
        "error": "",
        "frames": frames,
        "character": np.zeros(frames.shape[:3], np.uint8),
        "matte_model": " ".join(["none"] * count),
    }
    (made,) = Track(Linked()).run([given])
    assert made["error"] == "" and made["instances"].shape == frames.shape[:3]
    assert words_of(made, "instance_ids") == " ".join(["none"] * count)


def test_options_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match="smoothing"):
        Track(Linked(), smoothing=2)
