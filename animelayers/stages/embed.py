"""Stage 4: embeddings of each drawing's frame, character layer, background and characters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypedDict, Unpack

import numpy as np

from animelayers.engine.step import Step, each
from animelayers.imaging.square import alone
from animelayers.models.protocols import Embedder
from animelayers.record.column import F32, U8

Four = tuple[F32, F32, F32, F32]
"""Embeddings of frames, character layers and backgrounds, (D, E), and of I characters, (D, I * E)."""


class Layers(TypedDict, total=False):
    """The layers of each clip."""

    character: Sequence[U8]
    background: Sequence[U8]
    instances: Sequence[U8]
    instance_ids: Sequence[list[list[int]]]


class Embed(Step):
    """Embeddings of unit length; zeros for a layer that is empty or that nothing made.

    ``embedder``: the model. ``margin``: what is left free around a character, as a share of its box. The
    character layer, and each character by itself, is seen on grey in its box: else the background around it
    would tell which frames are alike. The characters of a drawing stand in one row after the other, one per
    id of the clip in rising order, so that all drawings of a clip have rows of one length, and one row of
    zeros where the clip has nobody; `animelayers.dataset.search.instances` takes them apart.
    """

    def __init__(self, embedder: Embedder, margin: float = 0.1) -> None:
        """Raises ValueError for a negative margin."""
        if margin < 0:
            raise ValueError(f"margin must be 0 or more, not {margin}")
        self.embedder, self.margin = embedder, margin

    def embedded(self, frames: Sequence[U8], layers: Layers) -> list[Four]:
        """The embeddings of each clip."""
        asked: list[np.ndarray | None] = []
        shapes = []
        count = len(frames)
        characters, backgrounds = each(layers.get("character"), count), each(layers.get("background"), count)
        labels, ids = each(layers.get("instances"), count), each(layers.get("instance_ids"), count)
        for clip in zip(frames, characters, backgrounds, labels, ids, strict=True):
            parts = self._parts(*clip)
            shapes.append([len(part) for part in parts])
            asked += [picture for part in parts for picture in part]
        vectors = self._vectors(asked)
        made, start = [], 0
        for pictures, lengths in zip(frames, shapes, strict=True):
            columns = []
            for length in lengths:
                columns.append(
                    vectors[start : start + length].reshape(
                        len(pictures), length // len(pictures) * self.embedder.width
                    )
                )
                start += length
            made.append((columns[0], columns[1], columns[2], columns[3]))
        return made

    def _parts(
        self,
        frames: U8,
        character: U8 | None,
        background: U8 | None,
        instances: U8 | None,
        ids: Sequence[Sequence[int]] | None,
    ) -> list[list[np.ndarray | None]]:
        """What to embed of a clip: one picture per drawing for each of the layers, and one per drawing and
        id; None for what is not there.
        """
        nothing: list[np.ndarray | None] = [None] * len(frames)
        every = everyone(ids) if ids and instances is not None else []
        layers = (
            nothing
            if character is None
            else [alone(*pair, self.margin) for pair in zip(frames, character, strict=True)]
        )
        people: list[np.ndarray | None] = [] if every else [*nothing]
        for d, labels in enumerate(() if instances is None else instances):
            cover = np.uint8(255) if character is None else character[d]
            people += [
                alone(frames[d], np.where(labels == k, cover, np.uint8(0)), self.margin) for k in every
            ]
        return [list(frames), layers, nothing if background is None else list(background), people]

    def _vectors(self, pictures: Sequence[np.ndarray | None]) -> np.ndarray:
        found = np.zeros((len(pictures), self.embedder.width), np.float32)
        there = [i for i, picture in enumerate(pictures) if picture is not None]
        found[there] = self.embedder([picture for picture in pictures if picture is not None])
        return found


def everyone(ids: Iterable[Sequence[int]]) -> list[int]:
    """The ids in any of some values of `instance_ids`, rising."""
    return sorted({k for those in ids for k in those})


class EmbedVisual(Embed):
    """Embeddings by looks, from a net whose weights ship in a package."""

    name = "embed_visual"

    class Made(NamedTuple):
        """What it writes of a clip."""

        visual_frame: F32
        visual_character: F32
        visual_background: F32
        visual_instances: F32

    def clips(self, *, frames: Sequence[U8], **layers: Unpack[Layers]) -> list[Made]:
        """The embeddings of each clip."""
        return [self.Made(*four) for four in self.embedded(frames, layers)]


class EmbedClip(Embed):
    """Embeddings in the space of words: what `Output.search` looks in."""

    name = "embed_clip"

    class Made(NamedTuple):
        """What it writes of a clip."""

        clip_frame: F32
        clip_character: F32
        clip_background: F32
        clip_instances: F32

    def clips(self, *, frames: Sequence[U8], **layers: Unpack[Layers]) -> list[Made]:
        """The embeddings of each clip."""
        return [self.Made(*four) for four in self.embedded(frames, layers)]


class EmbedDino(Embed):
    """Embeddings of DINOv2."""

    name = "embed_dino"

    class Made(NamedTuple):
        """What it writes of a clip."""

        dinov2_frame: F32
        dinov2_character: F32
        dinov2_background: F32
        dinov2_instances: F32

    def clips(self, *, frames: Sequence[U8], **layers: Unpack[Layers]) -> list[Made]:
        """The embeddings of each clip."""
        return [self.Made(*four) for four in self.embedded(frames, layers)]
