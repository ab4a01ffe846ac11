"""What exports for trainers share: a picture of each layer of each frame in a folder per concept, its
caption, its loss mask.
"""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import ClassVar, Literal, NamedTuple

from animelayers.captions.lint import core
from animelayers.dataset.output import Output
from animelayers.exports import picture as pictures
from animelayers.exports.balance import repeats
from animelayers.exports.base import Exporter, Piece
from animelayers.exports.caption import Caption, folder, known
from animelayers.exports.picture import Picture, Places
from animelayers.exports.select import stem
from animelayers.imaging import codecs
from animelayers.record.schema import Row


class Sample(NamedTuple):
    """A picture to be written: of which frame, layer and concept, its repeats, its name without suffix, its
    caption ('' for none).
    """

    row: Row
    layer: str
    concept: str
    repeats: int
    name: str
    caption: str


def _spoken(output: Output) -> set[str]:
    """What a set's concepts are called: words that always are in its captions, and must be."""
    return {*output.table["concept"].to_pylist()} if pictures.curated(output) else set()


class Files(NamedTuple):
    """Names of a sample's files below the folder; '' for none."""

    image: str
    caption: str
    mask: str = ""


@dataclass(frozen=True, kw_only=True)
class Trainer(Exporter):
    """A form that trainers read.

    ``concept``: a template of columns, the name of the folder a picture goes to; ``{concept}`` is what a set
    says it teaches, and of layers their name. ``repeats``: how often an epoch shows each picture, 0 so that
    all concepts come about equally often. The rest as in `Picture` and `Caption`.
    """

    picture: Picture = field(default_factory=Picture)
    caption: Caption = field(default_factory=Caption)
    concept: str = "{concept}"
    repeats: int = 1

    layers: ClassVar[tuple[str, ...]] = ("character",)
    silent: ClassVar[str] = "the trainer learns them without words"
    """What becomes of pictures without a caption."""

    @property
    def backdrop(self) -> str:
        """What cut-outs stand on unless the user says otherwise."""
        return self.picture.background or "solid"

    def _words(self, output: Output) -> Caption:
        """The captions' form, tags that nearly all have among those that are dropped."""
        if not self.caption.prune:
            return self.caption
        said = [self.caption.of(row, layer) for row, layer, _ in self._shown(output)]
        gone = [
            tag
            for tag in core([text for text in said if text], self.caption.trigger, self.caption.prune)
            if tag not in _spoken(output)
        ]
        return replace(self.caption, drop=[*self.caption.drop, *gone])

    def _stands_on(self, output: Output) -> str:
        """The backdrop of this output's cut-outs: a set holds no places for them."""
        return (
            self.backdrop
            if self.picture.background or self.backdrop == "alpha" or not pictures.curated(output)
            else "solid"
        )

    @abstractmethod
    def files(self, sample: Sample) -> Files:
        """Where a sample's files lie."""

    def samples(self, output: Output) -> Iterator[Sample]:
        """All pictures, in order. Raises ValueError for options that do not fit the output."""
        times = {} if self.repeats else repeats(Counter(concept for *_, concept in self._shown(output)))
        kind, words = self._stands_on(output), self._words(output)
        for row, layer, concept in self._shown(output):
            text = words.of(row, layer, pictures.words(row, layer, kind))
            name = stem(row) if row.get("origin") else f"{stem(row)}_{layer}"
            yield Sample(row, layer, concept, self.repeats or times[concept], name, text)

    def remarks(self, output: Output) -> Iterator[str]:
        """Pictures without captions, and how to get them."""
        told = [bool(sample.caption) for sample in self.samples(output)]
        if lacking := told.count(False):
            how = f"animelayers annotate {output.path} writes captions, caption.trigger=WORD gives all of them one"
            how = (
                "curate it again after animelayers annotate of its source"
                if pictures.curated(output)
                else how
            )
            yield f"{lacking} of {len(told)} pictures have no caption: {self.silent}; {how}"

    def concepts(self, output: Output) -> dict[str, int]:
        """The repeats of each concept, sorted by name."""
        return dict(sorted({sample.concept: sample.repeats for sample in self.samples(output)}.items()))

    def pieces(self, output: Output) -> Iterator[Piece]:
        """A picture with its caption and mask each."""
        places = self.places(output)
        seen = ""
        for sample in self.samples(output):
            names = tuple(filter(None, self.files(sample)))
            yield Piece(
                names,
                partial(self._make, output, sample, places),
                int(sample.row["frame_id"] != seen),
                sample.row["frame_id"],
            )
            seen = sample.row["frame_id"]

    def places(self, output: Output) -> Places:
        """A row of each shot, where pictures of other scenes are wanted."""
        if self._stands_on(output) != "other_scene":
            return ()
        shots: dict[tuple[str, str], Row] = {}
        for row in self.select.rows(output):
            shots.setdefault((row["episode"], row["scene_id"]), row)
        if len(shots) < 2:
            raise ValueError("picture.background=other_scene needs frames of two scenes at least")
        return list(shots.items())

    def _shown(self, output: Output) -> Iterator[tuple[Row, str, str]]:
        layers = tuple(self.picture.layers or (("frame",) if pictures.curated(output) else self.layers))
        pictures.check(output, layers, self._stands_on(output))
        self.caption.check(output.table.column_names)
        known(self.concept, ["concept", *output.table.column_names], "export.concept")
        if self.repeats < 0:
            raise ValueError("export.repeats must be 0 (balanced) or more")
        for row in self.select.rows(output):
            if row.get("repeats") != 0:
                yield from (
                    (row, layer, folder(self.concept, row, layer))
                    for layer in layers
                    if pictures.shows(row, layer)
                )

    def _make(self, output: Output, sample: Sample, places: Places) -> dict[str, bytes]:
        names, (row, layer, *_) = self.files(sample), sample
        made = {
            names.image: codecs.encode_png(
                pictures.placed(output, row, layer, self._stands_on(output), places, self.picture.shadow)
            )
        }
        if names.caption:
            made[names.caption] = f"{sample.caption}\n".encode()
        if names.mask:
            made[names.mask] = codecs.encode_png(pictures.mask(output, row, layer, self.picture))
        return made


@dataclass(frozen=True, kw_only=True)
class Masked(Trainer):
    """A form whose trainer weighs the loss by a mask.

    ``mask``: alpha (pictures keep it, and it is the mask), files (a picture of its own beside each) or none.
    """

    mask: Literal["alpha", "files", "none"] = "alpha"

    def __post_init__(self) -> None:
        """Raises ValueError for options that do not go together."""
        if self.mask not in ("alpha", "files", "none"):
            raise ValueError(f"export.mask: {self.mask} is none of alpha, files, none")
        if self.mask == "alpha" and self.backdrop != "alpha":
            raise ValueError(
                "export.mask=alpha needs the alpha that picture.background takes away: choose export.mask=files or none"
            )

    @property
    def backdrop(self) -> str:
        """Alpha where it is the mask; the frame itself where a mask lies beside it."""
        return self.picture.background or {"alpha": "alpha", "files": "inpainted"}.get(self.mask, "solid")
