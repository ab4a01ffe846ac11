from __future__ import annotations

from pathlib import Path
from typing import Any

from animelayers.dataset import card
from animelayers.dataset.output import Output
from animelayers.sinks import Shards
from tests.sinks.clips import clip

MODNET = {
    "name": "modnet",
    "role": "matte",
    "digest": "sha256:07c3",
    "pinned": True,
    "license": "Apache-2.0",
    "commercial": "yes",
    "homepage": "https://example.org/modnet",
}
SAM3 = MODNET | {"name": "sam3", "pinned": False, "license": "SAM License", "commercial": "unknown"}


def written(folder: Path, models: list[dict[str, Any]]) -> str:
    sink = Shards(str(folder))
    with sink.open("run"):
        sink.describe({"models": models, "fingerprints": {"source": {}, "character": {}, "encode": {}}})
        sink.write([clip("e/scene0000/000000", [0, 1]), clip("e/scene0001/000002", [0], first=2)], "run")
    card.write(Output(str(folder)))
    return (folder / card.FILE).read_text()


def test_the_card_tells_what_was_used(tmp_path: Path) -> None:
    text = written(tmp_path, [MODNET, SAM3])
    assert text.startswith("---\nlicense: other\n") and "data_files: metadata/*.parquet\n---\n" in text
    assert "3 frames in 2 clips of 1 inputs" in text and "Stages: character, encode." in text
    assert "| matte | [modnet](https://example.org/modnet) | Apache-2.0 | yes | `sha256:07c3` |" in text
    assert "unpinned" in next(line for line in text.splitlines() if "[sam3]" in line)
    assert "Not free for commercial use, or not known to be: sam3.**" in text


def test_a_card_without_models_says_so_and_warns_of_nothing(tmp_path: Path) -> None:
    text = written(tmp_path, [])
    assert "None with weights." in text and "**" not in text


def test_a_model_of_which_an_earlier_release_said_less_has_its_line(tmp_path: Path) -> None:
    text = written(tmp_path, [{key: MODNET[key] for key in ("name", "digest", "license", "commercial")}])
    assert "|  | modnet | Apache-2.0 | yes | `sha256:07c3` |" in text and "unpinned" not in text
