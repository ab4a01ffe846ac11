"""Stage 2c: what is behind characters and effects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, NamedTuple

import cv2
import numpy as np

from animelayers.engine.rules import left_out
from animelayers.engine.step import ClipStep
from animelayers.imaging.colour import behind
from animelayers.imaging.context import around
from animelayers.imaging.photometric import EQUAL, Light, match
from animelayers.imaging.views import view
from animelayers.models.inpaint import Noted, named
from animelayers.models.protocols import Inpainter, Video, VideoInpainter
from animelayers.options import Share, Within
from animelayers.record.column import F32, F64, U8
from animelayers.record.schema import blank

SEEN, BORROWED, INVENTED = np.uint8(0), np.uint8(128), np.uint8(255)
"""Values of `provenance`: from the frame itself, from another frame of the shot, from an inpainter."""
_SMALL = (160, 90)  # width and height at which drawings are told apart
_GLANCE = 90  # pixels of the short side at which light is compared


class _Behind(NamedTuple):
    """The plate of a shot with its holes filled, and where it was seen."""

    picture: np.ndarray
    seen: np.ndarray


class Made(NamedTuple):
    """What `Background` writes."""

    background: U8
    background_seen: F32
    background_borrowed: F32
    background_invented: F32
    plate: U8
    provenance: U8
    inpainter: list[str]
    inpainting_fallback: list[str]


class Background(ClipStep):
    """The background of each drawing: the frame where it shows it, the shot's plate where another frame does,
    inpainted where none.

    ``inpaint``: the model, asked once per plate, or once for all drawings of a clip without one.
    ``threshold``: alpha (0..255) above which a pixel is not background. ``dilate``: pixels around it that are
    filled too, so that no outline of a tight matte is left; without a plate those that show plain background
    are given back. ``seam_width``: pixels around that hole which come from the plate where it is seen, faded
    into the frame over as many. ``trust``: plates less trusted are not used; each drawing is then inpainted
    for itself, and is the frame, bit for bit, outside its hole. ``provenance``: also tell of every pixel
    where it is from. The plate goes on with its holes filled. ``video``: without a plate that is trusted, the
    model that follows what is hidden to drawings that show it; None: each drawing is then inpainted for
    itself. ``without``: rules left out. plate: each drawing is inpainted for itself; light: the plate's
    fitted to the frame's; given_back: what shows plain background on the soft edge of a matte.
    """

    name = "background"
    version = 6
    rules = ("plate", "light", "given_back")

    def __init__(
        self,
        inpaint: Inpainter,
        dilate: int = 2,
        threshold: Annotated[int, Within(0, 254)] = 8,
        seam_width: int = 2,
        trust: Share = 0.75,
        provenance: bool = False,
        video: VideoInpainter | None = None,
        without: Sequence[str] = (),
    ) -> None:
        """Raises ValueError for a value out of range, and for an unknown rule."""
        if min(dilate, seam_width) < 0 or not 0 <= threshold < 255:
            raise ValueError(
                f"dilate and seam_width must be 0 or more and threshold 0..254, not {dilate}, {seam_width} and {threshold}"
            )
        if not 0 <= trust <= 1:
            raise ValueError(f"trust must be 0..1, not {trust}")
        self.inpaint, self.threshold, self.seam_width, self.trust, self.provenance, self.video = (
            inpaint,
            threshold,
            seam_width,
            trust,
            provenance,
            video,
        )
        self.without = left_out(without, self.rules)
        self.around = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * dilate + 1,) * 2)

    def clip(
        self,
        *,
        frames: U8,
        character: U8,
        homography: F64 | None = None,
        plate: U8 | None = None,
        plate_seen: U8 | None = None,
        plate_trust: float | None = None,
        shadow: U8 | None = None,
        effect: U8 | None = None,
        effect_mode: list[str] | None = None,
        context: U8 | None = None,
        context_character: U8 | None = None,
    ) -> Made:
        """The background, the shares seen, borrowed and invented of each drawing, the plate, the provenance,
        and who inpainted.
        """
        whole, inpaint = None, Noted(self.inpaint)
        trusted = plate_trust is not None and plate_trust >= self.trust and "plate" not in self.without
        if trusted and homography is not None and plate is not None and plate.size and plate_seen is not None:
            whole = _Behind(inpaint([plate], [plate_seen == 0])[0], plate_seen)
        modes = effect_mode or ["unknown"] * len(frames)
        covers = [
            alpha
            if effect is None or not len(effect) or modes[i] == "none"
            else cv2.max(alpha, cv2.extractChannel(effect[i], 3))
            for i, alpha in enumerate(character)
        ]
        if shadow is not None and len(shadow):
            covers = [
                cv2.max(cover, cv2.extractChannel(dark, 3))
                for cover, dark in zip(covers, shadow, strict=True)
            ]
        holes = [self._hole(cover) for cover in covers]
        open_ones = [i for i, hole in enumerate(holes) if cv2.countNonZero(hole)]
        made, origins = list(frames), [np.where(hole > 0, INVENTED, SEEN) for hole in holes]
        asked = self.video if whole is None and open_ones else None
        passed = (
            None if asked is None else self._passed(asked, frames, holes, context, context_character, inpaint)
        )
        if whole is not None and homography is not None:
            for i in open_ones:
                registration = view(homography[i], frames[i].shape[1::-1], whole.picture.shape[1::-1])
                known = registration.back(whole.seen, smooth=False)
                made[i] = self._from_plate(
                    frames[i], covers[i], holes[i], known, registration.back(whole.picture)
                )
                origins[i] = _provenance(known, holes[i])
        elif passed is not None:
            for i in open_ones:
                made[i] = self._behind(frames[i], covers[i], passed.pictures[i], holes[i])
                origins[i] = _provenance(passed.borrowed[i], holes[i])
        elif open_ones:
            filled = inpaint([frames[i] for i in open_ones], [holes[i].view(np.bool_) for i in open_ones])
            for i, fill in zip(open_ones, filled, strict=True):
                made[i] = self._behind(frames[i], covers[i], fill, holes[i])
        shares = [
            np.array([np.count_nonzero(o == value) / o.size for o in origins], np.float32)
            for value in (BORROWED, INVENTED)
        ]
        stored = whole.picture if whole else blank("plate") if plate is None else plate
        provenance = stacked(origins, character) if self.provenance else blank("provenance")
        one = None if whole is None and passed is None else _all(inpaint, self.video)
        notes = [
            one or (inpaint.by[open_ones.index(i)], inpaint.why[open_ones.index(i)])
            if share
            else ("none", "")
            for i, share in enumerate(shares[1])
        ]
        by, why = ([note[k] for note in notes] for k in range(2))
        return Made(
            stacked(made, frames),
            1 - shares[0] - shares[1],
            shares[0],
            shares[1],
            stored,
            provenance,
            by,
            why,
        )

    def _behind(
        self, frame: np.ndarray, cover: np.ndarray, filled: np.ndarray, hole: np.ndarray
    ) -> np.ndarray:
        return filled if "given_back" in self.without else behind(frame, cover, filled, hole > 0)

    def _hole(self, cover: np.ndarray) -> np.ndarray:
        return cv2.dilate(cv2.threshold(cover, self.threshold, 1, cv2.THRESH_BINARY)[1], self.around)

    def _passed(
        self,
        video: VideoInpainter,
        frames: np.ndarray,
        holes: list[np.ndarray],
        context: U8 | None,
        context_alphas: U8 | None,
        inpaint: Inpainter,
    ) -> Video | None:
        """The drawings with what others show, those of the shot beside the clip among them; None where there
        is nothing to ask.
        """
        before: list[int] = []
        after: list[int] = []
        told = (
            []
            if context is None or context_alphas is None or not len(context_alphas)
            else [*zip(context, context_alphas, strict=True)]
        )
        if len(frames) and told:
            sides = (frames, [picture for picture, _ in told])
            before, same, after = around(
                *([cv2.resize(p, _SMALL, interpolation=cv2.INTER_AREA) for p in side] for side in sides)
            )
            if not same:  # nobody knows whether they come before or after
                before, after = [], []
        if len(before) + len(frames) + len(after) < 2:
            return None
        lent = [[(told[k][0], self._hole(told[k][1])) for k in side] for side in (before, after)]
        drawings = [*lent[0], *zip(frames, holes, strict=True), *lent[1]]
        own = range(len(before), len(before) + len(frames))
        lend = [k for k in range(len(drawings)) if k not in own]
        made = video(
            [picture for picture, _ in drawings], [hole.view(np.bool_) for _, hole in drawings], inpaint, lend
        )
        return Video(*(side[own.start : own.stop] for side in made))

    def _from_plate(
        self, frame: np.ndarray, cover: np.ndarray, hole: np.ndarray, seen: np.ndarray, picture: np.ndarray
    ) -> np.ndarray:
        light = EQUAL if "light" in self.without else _light(frame, picture, (hole == 0) & (seen > 0))
        picture = light.cast(picture)
        filled = cv2.copyTo(picture, hole, frame.copy())
        background = self._behind(frame, cover, filled, hole)
        weight = cv2.dilate(hole * np.uint8(255), np.ones((2 * self.seam_width + 1,) * 2, np.uint8))
        weight = cv2.max(cv2.blur(weight, (self.seam_width + 1,) * 2), hole * np.uint8(255))
        # Beside what no frame shows, the frame itself is the better guess.
        return _blend(background, picture, cv2.bitwise_and(weight, seen))


def _all(inpaint: Noted, video: VideoInpainter | None) -> tuple[str, str]:
    """Who made up what no drawing of a clip shows, the video inpainter itself where it asked nobody, and why
    not the one asked for.
    """
    return "+".join(dict.fromkeys(inpaint.by)) or named(video), next(filter(None, inpaint.why), "")


def _provenance(known: np.ndarray, hole: np.ndarray) -> np.ndarray:
    return cv2.copyTo(np.where(known > 0, BORROWED, INVENTED), hole, np.full_like(hole, SEEN))


def stacked(pictures: list[np.ndarray], frames: np.ndarray) -> np.ndarray:
    """The D pictures as one array of the shape of `frames` (D, H, W, …), without a copy where there is but
    one.
    """
    if len(pictures) == 1:
        return pictures[0][None]
    return np.stack(pictures) if pictures else np.zeros_like(frames)


def _blend(one: np.ndarray, other: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """`one` with the share `weight` (uint8 (H, W), 255 all) of `other`; untouched where that is 0."""
    share = cv2.cvtColor(weight, cv2.COLOR_GRAY2RGB)
    return cv2.add(
        cv2.multiply(one, cv2.bitwise_not(share), scale=1 / 255), cv2.multiply(other, share, scale=1 / 255)
    )


def _light(frame: np.ndarray, picture: np.ndarray, where: np.ndarray) -> Light:
    scale = min(1.0, _GLANCE / min(frame.shape[:2]))
    size = tuple(max(1, round(n * scale)) for n in frame.shape[1::-1])
    small = [
        cv2.resize(p, size, interpolation=cv2.INTER_AREA)
        for p in (frame, picture, where.view(np.uint8) * np.uint8(255))
    ]
    return match(small[0], small[1], small[2] == 255)
