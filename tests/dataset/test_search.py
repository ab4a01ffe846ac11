"""Search over a finished output whose embeddings are known, and over one that the tiny CLIP made."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from animelayers import Output
from animelayers.dataset import search
from animelayers.models.openclip import OpenClip
from animelayers.sinks import Columns, Shards
from tests.lists import listed
from tests.models import tiny_embed
from tests.sinks.clips import clip

RUN = "0" * 32
FIRST = [f"ep/scene0000_frame{i:06d}" for i in range(4)]


def angles(*degrees: float) -> np.ndarray:
    turned = np.radians(np.float32(degrees))
    return np.stack([np.cos(turned), np.sin(turned)], 1).astype(np.float32)


@pytest.fixture
def output(tmp_path: Path) -> Output:
    """Two clips: drawings at 0 and 90 degrees, the first held twice; then 10, an empty one, and one clip that
    nobody annotated.
    """
    path = str(tmp_path / "out")
    clips = [
        clip("ep/scene0000/000000", [0, 0, 1, 0]),
        clip("ep/scene0001/000004", [0, 1], first=4),
        clip("ep/scene0002/000006", [0], first=6),
    ]
    for row, ids in zip(clips, ("1 1,2", "none none", "none"), strict=True):
        row["instance_ids"] = listed("instance_ids", ids)
    with Shards(path).open(RUN):
        Shards(path).write(clips, RUN)
    added: list[dict[str, Any]] = [
        {
            "visual_frame": angles(0, 90),
            "visual_instances": np.hstack([angles(5, 6), np.float32([[0, 0], [0.6, 0.8]])]),
        },
        {
            "visual_frame": np.vstack([angles(10), np.zeros((1, 2))]).astype(np.float32),
            "visual_instances": np.zeros((2, 2), np.float32),
        },
    ]
    for row, columns in zip(clips, added, strict=False):
        row.update(columns)
    sink = Columns(path, "looks", ["visual_frame", "visual_instances"])
    with sink.open(RUN):
        sink.write(clips[:2], RUN)
    return Output(path)


def test_nearest_are_other_drawings_best_first(output: Output) -> None:
    found = output.nearest(FIRST[0])
    assert [name for name, _ in found] == ["ep/scene0001_frame000004", FIRST[2]], (
        "held frames, empty layers and the frame itself are left out"
    )
    np.testing.assert_allclose([likeness for _, likeness in found], [np.cos(np.radians(10)), 0], atol=1e-6)
    assert output.nearest(FIRST[1]) == found == output.nearest(FIRST[3]), "a held frame asks for its drawing"
    assert output.nearest(FIRST[0], count=1) == found[:1]


def test_what_cannot_be_searched_is_told(output: Output) -> None:
    with pytest.raises(KeyError, match="no frame 'nobody'"):
        output.nearest("nobody")
    with pytest.raises(ValueError, match=r"ep/scene0001_frame000005 has no visual_frame: the layer is empty"):
        output.nearest("ep/scene0001_frame000005")
    with pytest.raises(ValueError, match=r"ep/scene0002_frame000006 has no visual_frame"):
        output.nearest("ep/scene0002_frame000006")
    with pytest.raises(
        ValueError, match=r"no column dinov2_frame: run .*\+stage@stages.embed_dino=embed_dino"
    ):
        output.nearest(FIRST[0], column="dinov2_frame")
    with pytest.raises(ValueError, match=r"no column clip_frame: run .*\+stage@stages.embed_clip=embed_clip"):
        output.search("a girl in the rain")
    with pytest.raises(ValueError, match="no column looks: embeddings are visual_frame, clip_frame"):
        output.nearest(FIRST[0], column="looks")
    with pytest.raises(ValueError, match=r"rows of \[2, 4\] numbers"):
        output.nearest(FIRST[0], column="visual_instances")


def test_characters_are_taken_apart(output: Output) -> None:
    found = search.instances(output)
    assert list(zip(found.frame_ids, found.ids, strict=True)) == [(FIRST[0], 1), (FIRST[2], 1), (FIRST[2], 2)]
    np.testing.assert_allclose(found.vectors, [*angles(5, 6), (0.6, 0.8)], atol=1e-6)


def test_words_find_drawings_with_the_model_that_embedded_them(output: Output, tmp_path: Path) -> None:
    pytest.importorskip("open_clip")
    tiny_embed.openclip(tmp_path / "clip")
    embedder = OpenClip(str(tmp_path / "clip"), device="cpu")
    words = "雨の中の女の子"
    vectors = np.vstack([embedder.text(["smoke"]), embedder.text([words])])
    sink = Columns(output.path, "words", ["clip_frame"])
    with sink.open(RUN):
        sink.write([{**clip("ep/scene0000/000000", [0, 0, 1, 0]), "clip_frame": vectors}], RUN)
    fresh = Output(output.path)
    with pytest.raises(ValueError, match=r"nothing beside .* tells which model"):
        fresh.search(words)
    step = {
        "_target_": "animelayers.stages.embed.EmbedClip",
        "embedder": {"weights": str(tmp_path / "clip"), "architecture": "ViT-B-32"},
    }
    (Path(output.path) / "annotations/words/dataset.json").write_text(
        json.dumps({"format": 1, "config": {"stages": {"embed_clip": {"step": step}}}})
    )
    found = fresh.search(words)
    assert [name for name, _ in found] == [FIRST[2], FIRST[0]] and found[0][1] == pytest.approx(1, abs=1e-5)
    assert fresh.search(words, count=1, embedder=embedder) == found[:1]
    with pytest.raises(ValueError, match="has 2 numbers and the model of the words 16"):
        fresh.search(words, column="visual_frame", embedder=embedder)
