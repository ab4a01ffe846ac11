"""What the README and the pages beside it promise is there."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from animelayers import FrameStep, job, reference
from animelayers.record.schema import IDENTITY, RECORD, table_schema

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text()
TEXT = "\n".join([README, *(path.read_text() for path in sorted((ROOT / "docs").glob("*.md")))])
PYTHON = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)


def overrides() -> Iterator[str]:
    """The words of the tables: in the first cell `model/inpaint=telea` `ns` are two of them."""
    for line in TEXT.splitlines():
        start = ""
        for word in re.findall(r"`([^`]+)`", line.split(" | ")[0]) if line.startswith("| `") else ():
            name, equals, value = word.partition("=")
            if re.fullmatch(r"~stages\.\w+", word):
                yield word
            elif equals and re.fullmatch(r"\+?[a-z_./]+", name) and re.fullmatch(r"[\w-]+", value):
                start = name
                yield word
            elif start and re.fullmatch(r"[\w-]+", word):
                yield f"{start}={word}"


def test_every_column_of_the_frame_table_is_told() -> None:
    named = {
        name
        for line in reference.table().splitlines()
        if line.startswith("| ")
        for name in re.findall(r"\w+", line.split("|")[1])
    }
    named |= {f"character_{end}" for end in ("file", "offset", "size", "xxh3")}
    chosen = sorted(path.stem for path in (job.CONF / "stage").glob("*.yaml") if path.stem != "placement")
    stages = job.stages(job.compose("decompose", [f"+stage@stages.{name}_={name}" for name in chosen]))
    steps = [stages[f"{name}_"].kind for name in chosen]
    made = {*IDENTITY, "frame_index", "timestamp_s", "note"}.union(*(step.writes for step in steps))
    columns = table_schema([name for name in RECORD if name in made], ["character.png"]).names
    assert [name for name in columns if name not in named] == []


@pytest.mark.parametrize("word", sorted(set(overrides())))
def test_every_choice_it_names_composes(word: str) -> None:
    cfg = job.compose("decompose", ["source.path=.", "output=x", word])
    assert "encode" in job.stages(cfg)


def test_the_words_are_found() -> None:
    found = set(overrides())
    assert {
        "model/inpaint=ns",
        "end_stage=character",
        "preset=cluster",
        "stages.encode.step.background=png",
    } <= found
    assert any(word.startswith("~stages.") for word in found)


def test_files_and_targets_it_names_are_there() -> None:
    files = re.findall(r"(?<![\w/])(?:jobs|notebooks|conf|animelayers)/(?!test_)[\w/]+\.\w+", TEXT)
    assert files and [name for name in files if not (ROOT / name).is_file()] == []
    rules = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert set(re.findall(r"\bmake (\w+)  ", README)) == {"demo", "test"} <= set(rules)


@pytest.mark.parametrize("name", ["01_layers", "02_metadata", "03_curation"])
def test_notebooks_are_stored_with_small_pictures(name: str) -> None:
    text = (ROOT / "notebooks" / f"{name}.ipynb").read_text()
    assert '"image/png"' in text or '"image/jpeg"' in text or '"image/svg+xml"' in text
    assert len(text.encode()) < 300_000 and "/tmp/" not in text and "/home/" not in text


def test_it_is_short_and_names_every_page() -> None:
    assert len(README.encode()) <= 9000
    pages = {path.name for path in (ROOT / "docs").glob("*.md")}
    assert pages - {"index.md"} <= set(re.findall(r"\(docs/(\w+\.md)\)", README))
    nav = (ROOT / "mkdocs.yml").read_text()
    assert all(page in nav for page in pages)


def test_the_step_of_the_example_works() -> None:
    (example,) = (code for code in PYTHON if "FrameStep" in code)
    names: dict[str, type[FrameStep]] = {}
    exec(example, names)
    (values,) = names["Sharpness"]().frames(frames=[np.zeros((8, 9, 3), np.uint8), np.eye(9, dtype=np.uint8)])
    assert values[0] == 0 < values[1]
    assert all(ast.parse(code) for code in PYTHON)
