"""One character alone: cropped at a training size, everybody else kept out of what is learned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np

from animelayers.captions import cleaned, decorated
from animelayers.curate.captions import base
from animelayers.curate.framing import DOUBTFUL, UNSURE, Framing, framing
from animelayers.curate.strategies.base import Made, Strategy
from animelayers.curate.strategies.segment import stored
from animelayers.imaging.instances import split

MASKS = ("person", "others", "none")


class Person(Strategy):
    """person: a crop of the character called ``name``, resized to a training size, and the mask of what
    trains.

    ``margin``, ``resolutions``, ``enlarge``, ``least_sure``, ``doubtful`` and ``unsure`` as in `curate.framing.framing`.
    ``mask``: person (she alone trains), others (all but the other characters) or none. ``cutout``: the
    picture is cut out, its alpha is hers. A caption begins with ``trigger``, her name where it is null;
    ``concept``: the folder she comes into, her name where it is ''.
    """

    somebody = True

    def __init__(
        self,
        *,
        name: str,
        margin: float = 0.12,
        resolutions: Sequence[int] = (1024, 768, 512),
        enlarge: float = 1.5,
        least_sure: float = 0.3,
        doubtful: Sequence[str] = DOUBTFUL,
        unsure: float = UNSURE,
        mask: str = "person",
        cutout: bool = False,
        generate_captions: bool = True,
        trigger: str | None = None,
        caption_prefix: str = "",
        caption_suffix: str = "",
        concept: str = "",
    ) -> None:
        """Raises ValueError for a value out of range."""
        if mask not in MASKS:
            raise ValueError(f"strategies.person.mask={mask} is none of {', '.join(MASKS)}")
        if margin < 0 or enlarge <= 0 or not resolutions or min(resolutions) < 64:
            raise ValueError(
                "strategies.person: margin is 0 or more, enlarge above 0, resolutions are sides of 64 pixels or more"
            )
        self._crop = {
            "name": name,
            "margin": margin,
            "resolutions": tuple(resolutions),
            "enlarge": enlarge,
            "least_sure": least_sure,
        }
        self._crop |= {"doubtful": tuple(doubtful), "unsure": unsure}
        self._mask, self._cutout, self._concept = mask, cutout, concept or name
        said = {
            "trigger": name if trigger is None else trigger,
            "prefix": caption_prefix,
            "suffix": caption_suffix,
        }
        self._told = said if generate_captions else None

    @classmethod
    def framed(cls, row: Mapping[str, Any], **options: Any) -> Framing | str:
        """Her crop, or why there is none."""
        return framing(
            row,
            **{
                key: options[key]
                for key in ("name", "margin", "resolutions", "enlarge", "least_sure", "doubtful", "unsure")
                if key in options
            },
        )

    @classmethod
    def fits(cls, row: Mapping[str, Any], **options: Any) -> float:
        """How well she is seen; 0 where she is not, or cannot be told apart."""
        found = cls.framed(row, **options)
        return 0.0 if isinstance(found, str) else max(0.01, min(1.0, found.worth))

    @classmethod
    def why(cls, row: Mapping[str, Any], **options: Any) -> str:
        """Why she cannot be cropped out of a frame."""
        found = cls.framed(row, **options)
        return found if isinstance(found, str) else ""

    @classmethod
    def balanced(cls, row: Mapping[str, Any], **options: Any) -> tuple[str, ...]:
        """Her own shot size, whoever else is in the frame, and her outfit."""
        found = cls.framed(row, **options)
        return ("none", "") if isinstance(found, str) else (found.shot, found.outfit)

    def __call__(self, layers: Mapping[str, np.ndarray], row: Mapping[str, Any]) -> list[Made]:
        """One picture. Raises ValueError where she is not in the frame or cannot be told apart, and for a
        layer that the output lacks.
        """
        found = framing(row, **self._crop)  # type: ignore[arg-type]
        if isinstance(found, str):
            raise ValueError(f"{self._crop['name']}: {found}")
        x, y, w, h = found.crop
        alpha = np.ascontiguousarray(stored(layers, "character")[..., 3])
        own = self._own(layers, alpha, found)[y : y + h, x : x + w]
        picture = layers["frame"][y : y + h, x : x + w]
        if self._cutout:
            picture = np.dstack([stored(layers, "character")[y : y + h, x : x + w, :3], own])
        trains = own if self._mask == "person" else 255 - (alpha[y : y + h, x : x + w] - own)
        mask = None if self._cutout or self._mask == "none" else _resized(trains, found.size)
        text = None if self._told is None else self._caption(row, found)
        known = {"shot_size": found.shot, "instance_count": found.people}
        concept = f"{self._concept} {found.outfit}".strip()
        made = Made("person", _resized(picture, found.size), text, "character", mask, found.crop, concept)
        return [made._replace(instance=found.instances[0], told=known)]

    def _own(self, layers: Mapping[str, np.ndarray], alpha: np.ndarray, found: Framing) -> np.ndarray:
        if "instances" not in layers:
            return alpha
        shares = split(alpha, layers["instances"])
        own: np.ndarray = shares[[k - 1 for k in found.instances if k <= len(shares)]].sum(
            axis=0, dtype=np.uint8
        )
        return own

    def _caption(self, row: Mapping[str, Any], found: Framing) -> str:
        """Of her alone what was told of her; of a crop with others in it how many there are, and no more than
        is measured.
        """
        alone = row.get("instance_count") in (None, 1) and found.people == 1
        known = {**row, "instance_count": found.people, "shot_size": found.shot, "character_coverage": None}
        kept = (
            known
            if alone
            else {
                k: v
                for k, v in known.items()
                if k not in ("caption_character", "action", "pose", "expression", "palette")
            }
        )
        told = dict(self._told or {})
        told["prefix"] = ", ".join(filter(None, [found.outfit, told.get("prefix", "")]))
        return decorated(cleaned("character", base(kept, "character")), **told)


def _resized(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    shrinks = size[0] < picture.shape[1]
    made: np.ndarray = cv2.resize(
        np.ascontiguousarray(picture), size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    )
    return made
