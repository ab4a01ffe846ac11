"""The default matte: a portrait net and a saliency net that check each other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Unpack

import cv2
import numpy as np

from animelayers.imaging import masks
from animelayers.imaging.gaps import gaps
from animelayers.models.onnx import Running
from animelayers.models.portrait import MODNet
from animelayers.models.protocols import Mattes
from animelayers.models.saliency import Saliency
from animelayers.rules import left_out

_SHORT = 360  # pixels of the short side that claims are compared at; their outlines are refined later at full size
_SAME = 0.6  # overlap from which two claims mean the same figure: between figures above 0.7, between a figure and scenery below 0.4
_WITNESS = 0.25  # share of a figure that each kind of net has to see: half of it at half certainty
_CREATURE = 0.02  # share of the frame a figure has to fill that only saliency nets see
_STRAY = 1 / 500  # smaller regions are no figures: specks, leaves, flowers
_COLOUR = 0.5  # weight of the colour evidence: half, as the nets have looked at the colours already
_CLOSER = 0.5  # overlap of a region and what is seen of it enlarged: 0.5 and more on figures, below 0.05 on scenery
_SURE = 0.97  # claims all nets make are not put to the vote of the colours


Verdict = tuple[np.ndarray, str, float]


class Joined:
    """Portrait and saliency matte joined; each makes up figures, but not the same ones.

    Where MODNet (seen at two scales) and U-2-Net mean the same figures, their mean is taken, 2 : 1, and settled by the colours of the
    picture ('modnet+u2net'). Where they do not, a second saliency net, u2netp, is asked, for the whole frame and enlarged for what
    only the portrait net sees at a side or below, since saliency nets overlook who enters the frame ('modnet+u2net+u2netp'). What both saliency
    nets see alone, is large, does not lie across the frame like ground and is not the lettering of a title card, is a creature
    ('u2net+u2netp'). Everything else is dropped, and the layer may be empty ('none').

    ``portrait``, ``saliency`` and ``second`` are weights (names or paths); other options are those of `onnx.Onnx`. ``without``: rules left out.
    second: the second opinion, doubtful regions stay as the two nets have them; creatures: what saliency nets see alone; colours: they settle
    nothing; gaps: between hair, arm and body.
    """

    RULES = ("second", "creatures", "colours", "gaps")

    def __init__(
        self,
        portrait: str | Path = "modnet",
        saliency: str | Path = "u2net",
        second: str | Path = "u2netp",
        without: Sequence[str] = (),
        **options: Unpack[Running],
    ):
        """Raises ValueError for an unknown rule."""
        self.without = left_out(without, self.RULES)
        self._portrait = MODNet(portrait, short=(512, 320), **options)
        self._saliency = Saliency("u2net", saliency, **options)
        self._second = Saliency("u2netp", second, **options)

    def __call__(self, pictures: Sequence[np.ndarray]) -> Mattes:
        """As `protocols.Matte`."""
        small = [_shrink(p) for p in pictures]
        people = [_like(c, s) for c, s in zip(self._portrait.claim(pictures), small, strict=True)]
        things = [_like(c, s) for c, s in zip(self._saliency.claim(pictures), small, strict=True)]
        doubtful = [not _same(p, t) for p, t in zip(people, things, strict=True)] if "second" not in self.without else []
        doubt = [i for i, told in enumerate(doubtful) if told]
        asked = self._second.claim([pictures[i] for i in doubt])
        second = {i: _like(claim, small[i]) for i, claim in zip(doubt, asked, strict=True)}
        mattes = Mattes([], [], [])
        for i, picture in enumerate(pictures):
            if i in second:
                verdict = self._arbitrate(picture, small[i], people[i], things[i], second[i])
            else:
                verdict = self._join(small[i], people[i], things[i], "modnet+u2net")
            mattes.alpha.append(_like(verdict[0], picture))
            mattes.model.append(verdict[1])
            # An empty layer is the less sure the more of the frame a net claimed all the same.
            claimed = float(np.maximum(people[i], things[i]).mean())
            mattes.confidence.append(1 - claimed if verdict[1] == "none" else verdict[2])
        return mattes

    def _arbitrate(self, picture: np.ndarray, small: np.ndarray, people: np.ndarray, things: np.ndarray, second: np.ndarray) -> Verdict:
        both = (things + second) / 2
        for region in masks.islands(people > 0.5, _STRAY):
            if both[region].mean() < _WITNESS:
                people, both = self._reconsider(picture, region, people, both)
        if not _same(people, both):
            creatures = _creatures(small, people, things, second) if "creatures" not in self.without else []
            if creatures:
                matte = masks.within(self._settle(small, (things + both) / 2), creatures, 8)
                return matte, "u2net+u2netp", masks.overlap(things > 0.5, second > 0.5)
            either = masks.islands((people > 0.5) | (both > 0.5), _STRAY)
            agreed = [r for r in either if masks.overlap(r & (people > 0.5), r & (both > 0.5)) >= _SAME]
            people, both = masks.within(people, agreed, 0), masks.within(both, agreed, 0)
        return self._join(small, people, both, "modnet+u2net+u2netp")

    def _reconsider(self, picture: np.ndarray, region: np.ndarray, people: np.ndarray, both: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Both claims after a region that only the portrait net sees was confirmed in `both`, enlarged, or struck from `people`."""
        people, both = people.copy(), both.copy()
        window = _around(region)
        rows, columns = (
            slice(round(w.start * full / part), round(w.stop * full / part))
            for w, full, part in zip(window, picture.shape, region.shape, strict=False)
        )
        closer = _like(self._second.claim([picture[rows, columns]])[0], region[window])
        # Figures come in from the sides or from below; what else is seen by one net alone are clouds, roofs, branches.
        enters = region[:, 0].any() or region[:, -1].any() or region[-1].any()
        if enters and masks.overlap(closer > 0.5, region[window]) >= _CLOSER:
            both[window] = np.maximum(both[window], closer)
        else:
            people[region] = 0
        return people, both

    def _join(self, picture: np.ndarray, people: np.ndarray, things: np.ndarray, names: str) -> Verdict:
        joined = (2 * people + things) / 3
        figures = [f for f in masks.islands(joined > 0.5, _STRAY) if people[f].mean() > _WITNESS and things[f].mean() > _WITNESS]
        if not figures:
            return np.zeros_like(joined), "none", 0.0
        matte = masks.within(self._settle(picture, joined), figures, 8)
        if "gaps" not in self.without:
            matte[gaps(picture, matte, things)] = 0
        return matte, names, masks.overlap(people > 0.5, things > 0.5)

    def _settle(self, picture: np.ndarray, claim: np.ndarray) -> np.ndarray:
        return claim if "colours" in self.without else _settle(picture, claim)


def _creatures(picture: np.ndarray, people: np.ndarray, things: np.ndarray, second: np.ndarray) -> list[np.ndarray]:
    others = masks.islands(second > 0.5, _STRAY)
    found = [
        f
        for f in masks.islands(things > 0.5, _CREATURE)
        if not masks.spans(f) and masks.overlap(f, masks.union([o for o in others if (o & f).any()], f.shape)) >= _SAME
    ]
    seen = masks.union(found, things.shape)
    lettering = bool(found) and people[seen].mean() <= _WITNESS and masks.on_a_card(picture, seen)
    return [] if lettering else found


def _around(region: np.ndarray) -> tuple[slice, slice]:
    """The square around a region (bool (H, W)) that leaves it a margin of its own, cut at the frame."""
    x, y, w, h = cv2.boundingRect(region.astype(np.uint8))
    half = 0.8 * max(w, h)
    middle = (y + h / 2, x + w / 2)
    low, high = zip(*((max(0, int(m - half)), min(n, int(m + half) + 1)) for m, n in zip(middle, region.shape, strict=True)), strict=True)
    return slice(low[0], high[0]), slice(low[1], high[1])


def _settle(picture: np.ndarray, claim: np.ndarray) -> np.ndarray:
    """The claim weighed with the colours of the picture, on the scale of log odds (naive Bayes), where it is not sure."""
    odds = np.clip(claim, 0.05, 0.95)
    odds = 1.5 * np.log(odds / (1 - odds)) + _COLOUR * masks.colour_evidence(picture, claim)
    settled: np.ndarray = (1 / (1 + np.exp(-odds))).astype(np.float32)
    settled[claim > _SURE], settled[claim < 1 - _SURE] = 1, 0
    return settled


def _same(one: np.ndarray, other: np.ndarray) -> bool:
    return masks.overlap(one > 0.5, other > 0.5) >= _SAME


def _shrink(picture: np.ndarray) -> np.ndarray:
    height, width = picture.shape[:2]
    scale = min(1.0, _SHORT / min(height, width))
    return cv2.resize(picture, (max(1, round(width * scale)), max(1, round(height * scale))), interpolation=cv2.INTER_AREA)


def _like(claim: np.ndarray, picture: np.ndarray) -> np.ndarray:
    return cv2.resize(claim, picture.shape[1::-1], interpolation=cv2.INTER_LINEAR)
