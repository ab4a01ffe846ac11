"""One list of layers, and nothing that keeps another beside it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from animelayers.edits import sequences
from animelayers.exports import sequence, video, webdataset
from animelayers.record import layers
from animelayers.record.schema import RECORD
from animelayers.sources import stored
from animelayers.stages import encode

ROOT = Path(layers.__file__).parents[1]
PARTS = {*layers.ORDER, "mask"}
ROOMS = ("exports", "edits", "sources", "sinks", "stages", "curate")
KNOWN = {
    "layers.py": "the list itself",
    "schema.py": "the columns",
    "stages/encode.py": "what it reads",
    "stages/layers.py": "what it writes",
    "stages/background.py": "what it reads",
    "stages/quality.py": "what it reads",
    "exports/stack.py": "names of layers for people",
    "exports/picture.py": "what a training picture is cut out of",
    "edits/edit.py": "what of a drawing was changed",
}
"""Files in which three layers or more stand beside each other as what they are, not as a list of all there
are.
"""


def literals(path: Path) -> Iterator[set[str]]:
    """The texts of every tuple, list, set and mapping that a file spells out."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Tuple | ast.List | ast.Set | ast.Dict):
            inner = node.keys if isinstance(node, ast.Dict) else node.elts
            yield {
                each.value for each in inner if isinstance(each, ast.Constant) and isinstance(each.value, str)
            }


def test_nobody_keeps_a_list_of_layers_of_its_own() -> None:
    files = [*ROOT.glob("*.py"), *(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))]
    found = {
        path.relative_to(ROOT).as_posix()
        for path in files
        for words in literals(path)
        if "shadow" in words and len(words & PARTS) >= 3
    }
    assert found <= {*KNOWN}, "read animelayers/record/layers.py there"


def test_what_handles_layers_follows_the_list() -> None:
    assert layers.names() == encode.LAYERS
    assert layers.names("numbered") == sequence.LAYERS and layers.names("film") == video.LAYERS
    assert {*sequences._SHAPES} == {*layers.names()} and webdataset._CHANNELS["shadow"] == 4
    assert {name for name in stored.BYTES if name != "frames"} == {*layers.names()} - {"mask", "plate"}


def test_the_list_agrees_with_the_record() -> None:
    for name in {*layers.names()} - {"mask", "character", "plate"}:
        channels = RECORD[name].axes.split()[3:]
        assert channels == (
            [] if layers.BY_NAME[name].channels == 1 else [str(layers.BY_NAME[name].channels)]
        )


def test_a_layer_touches_the_five_files_that_are_told() -> None:
    page = (ROOT.parent / "docs" / "extend.md").read_text()
    told = page.split("A layer touches five files")[1].split("\n\nA model")[0]
    named = re.findall(r"`((?:animelayers|conf)/[\w/]+\.\w+)`", told)
    assert len(named) == 5 and all("shadow" in (ROOT.parent / name).read_text() for name in named)
