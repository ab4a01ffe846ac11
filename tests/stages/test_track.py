"""The tracking stage as a step."""

import numpy as np
import pytest

from animelayers.models.track import Linked
from animelayers.samples import scene
from animelayers.schema import blank
from animelayers.stages.track import Track


def row(count: int = 8) -> dict[str, object]:
    shot = scene("standing", 3 * count, (240, 135))
    which = sorted({int(np.flatnonzero(shot.drawing == k)[0]) for k in shot.drawing})
    names = " ".join(["modnet+u2net"] * len(which))
    return {"clip_id": "a", "error": "", "frames": shot.frames[which], "character": shot.character[which], "matte": names}


def test_columns_of_a_clip() -> None:
    given = row()
    (made,) = Track(Linked()).run([given])
    assert made["error"] == "" and made["matte"] == given["matte"]
    assert made["instances"].shape == made["character"].shape and made["instances"].dtype == np.uint8
    assert np.array_equal(made["instances"] > 0, made["character"] > 127)
    assert made["instance_ids"].split() == ["1"] * len(made["character"])


def test_a_lost_matte_is_carried_with_its_name() -> None:
    given = row()
    character, names = np.array(given["character"]), str(given["matte"]).split()
    character[2], names[2] = 0, "none"
    (made,) = Track(Linked()).run([{**given, "character": character, "matte": " ".join(names)}])
    assert made["matte"] == given["matte"] and made["instance_ids"].split()[2] == "1"
    (left,) = Track(Linked(), steady=0).run([{**given, "character": character, "matte": " ".join(names)}])
    assert left["instance_ids"].split()[2] == "none" and np.array_equal(left["character"], character)


@pytest.mark.parametrize("count", [0, 1])
def test_clips_without_or_with_one_drawing(count: int) -> None:
    frames = np.zeros((count, 20, 30, 3), np.uint8) if count else blank("frames")
    given = {"clip_id": "a", "error": "", "frames": frames, "character": np.zeros(frames.shape[:3], np.uint8), "matte": " ".join(["none"] * count)}
    (made,) = Track(Linked()).run([given])
    assert made["error"] == "" and made["instances"].shape == frames.shape[:3]
    assert made["instance_ids"] == " ".join(["none"] * count)


def test_options_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match="steady"):
        Track(Linked(), steady=2)
