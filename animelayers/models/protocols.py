"""The few shapes a model may have: arrays in, arrays out. No model knows a column, a clip or Ray."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np

from animelayers.imaging.evidence import PlateEvidence
from animelayers.record.values import Face


class Mattes(NamedTuple):
    """What a matting model says of N pictures.

    ``alpha``: N arrays float32 (H, W), 0..1, linear coverage, each of its picture's own size.
    ``model``: N names of the model or models taken, joined by '+'; 'none' where the layer is empty.
    ``confidence``: N numbers 0..1.
    """

    alpha: list[np.ndarray]
    model: list[str]
    confidence: list[float]


class Matte(Protocol):
    """Finds the characters: what stands in front of the painted background."""

    def __call__(self, pictures: Sequence[np.ndarray]) -> Mattes:
        """Mattes of N pictures, uint8 sRGB (H, W, 3), of any mix of sizes. A picture without a character
        gives zeros.
        """
        ...


class Layering(Protocol):
    """Finds the layers of pictures with the evidence of their shot."""

    def size(self, shape: tuple[int, ...], share: float = 1) -> tuple[int, int]:
        """Width and height at which a picture (H, W, …) is looked at, or about a share of them."""
        ...

    def labels(self, pictures: Sequence[np.ndarray], told: Sequence[PlateEvidence]) -> list[np.ndarray]:
        """Coverage by figures, effects and shadows, float32 (3, h, w), 0..1, of pictures uint8 sRGB (h, w, 3)
        of such a size.
        """
        ...


class Pointing(Protocol):
    """Finds all of what a person pointed at."""

    def __call__(
        self,
        picture: np.ndarray,
        found: np.ndarray,
        of: Sequence[np.ndarray],
        other: Sequence[np.ndarray],
        window: tuple[slice, slice] | None = None,
    ) -> np.ndarray:
        """How likely each pixel of a picture uint8 sRGB (h, w, 3) is of it, float32, 0..1; of the part in a
        ``window`` alone, (rows, columns), where one is given.

        ``found``: bool (h, w), what was taken for it before. ``of``, ``other``: where it was said that this
        is of it, and that this is not, each bool (h, w).
        """
        ...


class Segments(NamedTuple):
    """What a segmenter says of one picture: K masks that may overlap.

    ``masks``: bool (K, H, W) of the picture's own size. ``scores``: float32 (K,), 0..1. ``labels``: K names
    of what each is, '' where the model names nothing.
    """

    masks: np.ndarray
    scores: np.ndarray
    labels: list[str]


class Segmenter(Protocol):
    """Finds the things of a picture, each for itself."""

    def __call__(self, pictures: Sequence[np.ndarray]) -> list[Segments]:
        """The segments of N pictures, uint8 sRGB (H, W, 3), of any mix of sizes, best score first."""
        ...


class Refiner(Protocol):
    """Settles the outlines of a matte."""

    def __call__(self, pictures: Sequence[np.ndarray], trimaps: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Alpha float32 (H, W), 0..1, of N pictures uint8 sRGB (H, W, 3) and trimaps uint8 (H, W): 255
        character, 0 not, 128 unknown.
        """
        ...


class Proposer(Protocol):
    """Finds what is described in words."""

    def __call__(self, pictures: Sequence[np.ndarray], prompts: Sequence[str]) -> list[np.ndarray]:
        """How likely each pixel of N pictures, uint8 sRGB (H, W, 3), is each of P prompts: float32 (P, H, W),
        0..1.
        """
        ...


class Inpainter(Protocol):
    """Fills holes of pictures."""

    def __call__(self, pictures: Sequence[np.ndarray], holes: Sequence[np.ndarray]) -> list[np.ndarray]:
        """N pictures, uint8 sRGB (H, W, 3), of any mix of sizes, with their `holes` (bool (H, W)) filled.

        Outside its hole each is the input, bit for bit.
        """
        ...


class Video(NamedTuple):
    """What a video inpainter makes of D drawings.

    ``pictures``: D uint8 sRGB (H, W, 3) with their holes filled; outside them they are the input, bit for
    bit. ``borrowed``: D uint8 (H, W), how surely each pixel of a hole is what another drawing shows, 1..255;
    0 where it is made up, and outside the holes.
    """

    pictures: list[np.ndarray]
    borrowed: list[np.ndarray]


class VideoInpainter(Protocol):
    """Fills holes of the drawings of a shot with what other drawings show."""

    def __call__(
        self,
        pictures: Sequence[np.ndarray],
        holes: Sequence[np.ndarray],
        inpaint: Inpainter,
        lend: Sequence[int] = (),
    ) -> Video:
        """D drawings of one shot in order, uint8 sRGB (H, W, 3) of one size, with their holes (bool (H, W))
        filled.

        ``inpaint``: makes up what no drawing shows. ``lend``: numbers of drawings that are not wanted
        themselves and come back as they are.
        """
        ...


class Flow(Protocol):
    """Tells where each pixel of a picture went in another one."""

    def __call__(self, pairs: Sequence[tuple[np.ndarray, np.ndarray]]) -> list[np.ndarray]:
        """Flow of N pairs of uint8 sRGB (H, W, 3), each pair of one size: float32 (H, W, 2), x and y in
        pixels, first picture to second.
        """
        ...


class Tracker(Protocol):
    """Follows the characters of a shot."""

    def __call__(self, pictures: Sequence[np.ndarray], figures: Sequence[np.ndarray | None]) -> np.ndarray:
        """Who is where in D drawings of one shot: uint8 (D, H, W), 0 nobody, k the character with id k,
        counted from 1.

        ``pictures``: D uint8 sRGB (H, W, 3) of one size. ``figures``: for each the bool mask (H, W) of all
        characters, or None where it is not known and has to be followed from other drawings. Where it is
        known, nothing outside it is labelled. Instead of a bool mask it may be a label map uint8, 0 nobody,
        equal labels the same figure of this drawing, 255 not known whose.
        """
        ...


class Embedder(Protocol):
    """Tells what a picture is like in a few hundred numbers: pictures that are alike have embeddings that
    point the same way.
    """

    width: int
    """E, how many numbers."""

    def __call__(self, pictures: Sequence[np.ndarray]) -> np.ndarray:
        """Embeddings float32 (N, E) of unit length of N pictures, uint8 sRGB (H, W, 3), of any mix of sizes."""
        ...


class WordEmbedder(Embedder, Protocol):
    """An embedder that puts words in the same space."""

    scale: float
    """What a cosine is multiplied by before a softmax over several words: the model's own logit scale."""

    def text(self, words: Sequence[str]) -> np.ndarray:
        """Embeddings float32 (P, E) of unit length of P texts."""
        ...


class Captioner(Protocol):
    """Says in words what a picture shows."""

    def __call__(self, pictures: Sequence[np.ndarray], instruction: str) -> list[str]:
        """A caption of each of N pictures, uint8 sRGB (H, W, 3), of any mix of sizes: what the model answers
        to `instruction`.
        """
        ...


class Poser(Protocol):
    """Finds the joints of people, each in the box that shows where they are."""

    skeleton: str
    """Which joints it finds, a name of `animelayers.imaging.skeleton.JOINTS`."""

    def __call__(
        self, pictures: Sequence[np.ndarray], boxes: Sequence[Sequence[tuple[int, int, int, int]]]
    ) -> list[np.ndarray]:
        """Joints of the people of N pictures, uint8 sRGB (H, W, 3), of any mix of sizes.

        ``boxes``: for each picture M boxes (x, y, w, h) in pixels. Returns for each float32 (M, K, 3): x and
        y in pixels, and how sure that is, 0..1.
        """
        ...


class FaceFinder(Protocol):
    """Finds faces."""

    def __call__(self, pictures: Sequence[np.ndarray]) -> list[list[Face]]:
        """The faces of N pictures, uint8 sRGB (H, W, 3), of any mix of sizes, best score first."""
        ...


class ExpressionTeller(Protocol):
    """Tells the expression of a face."""

    side: int
    """Pixels of the square it is shown."""

    def __call__(self, faces: Sequence[np.ndarray]) -> list[tuple[str, float]]:
        """The expression of N faces, uint8 sRGB (`side`, `side`, 3), and how sure it is, 0..1."""
        ...


class ActionTeller(Protocol):
    """Tells what happens in a moving picture."""

    frames: int
    """How many frames it looks at."""

    def __call__(self, clips: Sequence[np.ndarray]) -> list[tuple[str, float]]:
        """The action in N clips, uint8 sRGB (`frames`, H, W, 3), of any mix of sizes, and how sure it is,
        0..1.
        """
        ...


class Line(NamedTuple):
    """A line of text: what it says, how sure that is, 0..1, and x, y, w, h in pixels of the box around it."""

    text: str
    score: float
    box: tuple[int, int, int, int]


class Reader(Protocol):
    """Reads text."""

    def __call__(self, pictures: Sequence[np.ndarray]) -> list[list[Line]]:
        """The lines of text in N pictures, uint8 sRGB (H, W, 3), of any mix of sizes, from top to bottom."""
        ...
