"""Booru tags of drawings: the WD taggers of SmilingWolf (ViT, SwinV2, ConvNeXt, EVA-02; v3), as ONNX with
their table of tags.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np

from animelayers.models.constants import SMALLEST
from animelayers.models.device import Device
from animelayers.models.onnx import Onnx
from animelayers.weights import WeightsError, find

CATEGORIES: Mapping[str, int] = {"general": 0, "character": 4, "rating": 9}
"""Kinds of tags, and their numbers in the table."""
TABLE = "selected_tags.csv"
_WHITE = 255
_TOLD = {"general": 0.35}  # by category, the chance from which a tag is told where nothing else is asked
_FACES = frozenset(
    {
        "0_0",
        "(o)_(o)",
        "+_+",
        "+_-",
        "._.",
        "<o>_<o>",
        "<|>_<|>",
        "=_=",
        ">_<",
        "3_3",
        "6_9",
        ">_o",
        "@_@",
        "^_^",
        "o_o",
        "u_u",
        "x_x",
        "|_|",
        "||_||",
    }
)


class WdTagger:
    """Tags of a picture, the surest first, joined by commas: a `protocols.Captioner` that is asked nothing.

    ``weights``: a name of the table of weights, or a folder with model.onnx, input (N, S, S, 3) of BGR 0..255
    on white, output (N, tags) chances, and selected_tags.csv. ``thresholds``: by category (general,
    character, rating) the chance from which a tag is told; a category that is not named is not told.
    ``drop``: tags that never are. ``most``: of a picture. Blanks stand for underscores. Raises WeightsError
    for a folder of something else, ValueError for thresholds that are none.
    """

    def __init__(
        self,
        weights: str | Path = "wd-vit-tagger-v3",
        thresholds: Mapping[str, float] | None = None,
        drop: Sequence[str] = (),
        most: int = 60,
        device: Device = "auto",
        side: int = 448,
    ) -> None:
        self._least = dict(_TOLD if thresholds is None else thresholds)
        if unknown := sorted(self._least.keys() - CATEGORIES.keys()):
            raise ValueError(f"thresholds: {', '.join(unknown)} is none of {', '.join(CATEGORIES)}")
        if not all(0 < least <= 1 for least in self._least.values()) or most < 1 or side < SMALLEST:
            raise ValueError(
                f"thresholds lie above 0 and up to 1, most is 1 or more, side {SMALLEST} or more"
            )
        folder = find(str(weights))
        self._folder, self._side, self._most, self._drop = (
            folder,
            side,
            most,
            {word.replace("_", " ") for word in drop},
        )
        self._tags = _table(folder / TABLE)
        self._net = Onnx(folder / "model.onnx", precision="fp32", device=device, batch=1)

    def __call__(self, pictures: Sequence[np.ndarray], instruction: str = "") -> list[str]:
        """As `protocols.Captioner`; what is asked is not heard."""
        return [", ".join(self._one(picture)) for picture in pictures]

    def _one(self, picture: np.ndarray) -> list[str]:
        chances = self._net(_square(picture, self._side)[None])
        if chances.shape != (1, len(self._tags)):
            raise WeightsError(
                f"{self._folder}: the net answers {chances.shape}, {TABLE} has {len(self._tags)} tags: bring both again"
            )
        least = np.array([self._least.get(kind, 2.0) for _, kind in self._tags])
        order = np.argsort(-chances[0], kind="stable")
        told = [
            self._tags[i][0]
            for i in order.tolist()
            if chances[0, i] >= least[i] and self._tags[i][0] not in self._drop
        ]
        return told[: self._most]


def _table(path: Path) -> list[tuple[str, str]]:
    """Each tag with blanks, and its category ('' for others)."""
    kinds = {str(number): name for name, number in CATEGORIES.items()}
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = [(row["name"], kinds.get(row["category"], "")) for row in csv.DictReader(file)]
    except (OSError, KeyError, UnicodeDecodeError) as problem:
        raise WeightsError(
            f"{path} is no table of tags with name and category ({problem}): bring the folder again"
        ) from problem
    if not rows:
        raise WeightsError(f"{path} holds no tags: bring the folder again")
    return [(name if name in _FACES else name.replace("_", " "), kind) for name, kind in rows]


def _square(picture: np.ndarray, side: int) -> np.ndarray:
    """A picture uint8 (H, W, 3) on a white square, BGR float32 (side, side, 3), 0..255."""
    height, width = picture.shape[:2]
    most = max(height, width)
    square = np.full((most, most, 3), _WHITE, np.uint8)
    top, left = (most - height) // 2, (most - width) // 2
    square[top : top + height, left : left + width] = picture
    scaled = cv2.resize(
        square, (side, side), interpolation=cv2.INTER_AREA if most > side else cv2.INTER_CUBIC
    )
    return np.ascontiguousarray(scaled[..., ::-1].astype(np.float32))
