"""What ClickNet is shown in training: drawings with things put into them, what somebody took for one of them, with the
flaws that layers have, and clicks on what is wrong.

What was meant is told by the clicks alone: of figures that look alike one is meant and one is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from animelayers.imaging.brush import square
from animelayers.models.clicknet import DOT
from animelayers.training import pack
from animelayers.training.restyle import restyled
from animelayers.truth import kit

_HALF = 127
_LEAST = 60  # pixels that a thing has at least
_PART = 150  # pixels of the long side of parts
_PARTS, _CUT_OUT = 500, 400  # parts, and figures of other shots, that are kept to be put in
_FACING = 0.5
_NONE = 0.12  # share of the scenes in which nothing is meant: all that was found is wrong


class Pointed(NamedTuple):
    """``picture``: uint8 sRGB (h, w, 3). ``found``: bool (h, w), what was taken for the thing. ``true``: float32
    (h, w), 0..1, its coverage. ``clicks``: bool (2, h, w), on what is of it and on what is not.
    """

    picture: np.ndarray
    found: np.ndarray
    true: np.ndarray
    clicks: np.ndarray


class _Cut(NamedTuple):
    picture: np.ndarray
    alpha: np.ndarray


class Scenes:
    """Scenes to point at, as chance has them.

    ``packs``: folders of packed shots; ``parts``: folders of parts, whose figures and props of split train are put
    in; ``restyle``: share of the drawings in styles that no hand has. Raises FileNotFoundError for a
    folder without shots, ValueError for a damaged shot.
    """

    def __init__(
        self, packs: Sequence[str], parts: Sequence[str], restyle: float, rng: np.random.Generator
    ) -> None:
        self._paths = [path for folder in packs for path in pack.listed(folder)]
        self._restyle, self._rng = restyle, rng
        self._parts = _parts(parts, rng)
        self._cut_out: list[_Cut] = []

    def __call__(self, size: tuple[int, int]) -> Pointed:
        """A scene of a size (width, height)."""
        while True:
            frame, layers = self._drawing()
            frame, things, light = self._filled(frame, layers)
            if things or self._rng.random() < 0.3:
                true, mine, others = self._meant(things, light)
                found = taken(frame, true, mine, others, self._rng)
                return self._seen(frame, true, found, size)

    def _drawing(self) -> tuple[np.ndarray, np.ndarray]:
        shot = pack.read(self._paths[int(self._rng.integers(len(self._paths)))])
        own = slice((at := int(self._rng.integers(len(shot.frames)))), at + 1)
        frames, layers = shot.frames[own], shot.layers[own]
        if self._rng.random() < self._restyle:
            frames = restyled(frames, layers, self._rng)
        return frames[0].copy(), layers[0]

    def _filled(
        self, frame: np.ndarray, layers: np.ndarray
    ) -> tuple[np.ndarray, list[np.ndarray], np.ndarray]:
        """The frame with things put in, the coverage float32 (h, w) of each, and that of the effects."""
        things, light = _things(layers[..., 0]), layers[..., 1].astype(np.float32) / 255
        for own in things:
            self._keep(frame, own)
        if len(self._cut_out) > 20 and self._rng.random() < 0.6:
            for _ in range(int(self._rng.integers(1, 4))):
                cover, colours = self._put(frame.shape)
                frame = (frame * (1 - cover[..., None]) + colours * cover[..., None]).astype(np.uint8)
                things, light = [*(own * (1 - cover) for own in things), cover], light * (1 - cover)
        return frame, things, light

    def _keep(self, frame: np.ndarray, alpha: np.ndarray) -> None:
        x, y, w, h = cv2.boundingRect((alpha > 0).view(np.uint8))
        if np.count_nonzero(alpha > _FACING) >= 3 * _LEAST:
            part = np.s_[max(0, y - 2) : y + h + 2, max(0, x - 2) : x + w + 2]
            self._cut_out.append(_Cut(frame[part].copy(), alpha[part].copy()))
            del self._cut_out[:-_CUT_OUT]

    def _put(self, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
        """One thing somewhere: its coverage float32 (h, w) and its colours uint8 (h, w, 3)."""
        rng = self._rng
        among = self._parts if self._parts and rng.random() < 0.5 else self._cut_out
        colours, alpha = among[int(rng.integers(len(among)))]
        scale = float(np.exp(rng.uniform(-0.7, 0.4)))
        w, h = (max(6, round(side * scale)) for side in alpha.shape[::-1])
        colours, alpha = (cv2.resize(p, (w, h), interpolation=cv2.INTER_AREA) for p in (colours, alpha))
        if rng.random() < 0.5:
            colours, alpha = colours[:, ::-1], alpha[:, ::-1]
        if rng.random() < 0.4:
            order = rng.permutation(3) if rng.random() < 0.5 else np.arange(3)
            lit = colours[..., order] * rng.uniform(0.6, 1.4) + rng.uniform(-30, 30)
            colours = np.clip(lit, 0, 255).astype(np.uint8)
        height, width = shape[:2]
        x = int(rng.integers(-w // 3, max(width - w // 2, 1 - w // 3)))
        y = int(rng.integers(-h // 4, max(height - h // 3, 1 - h // 4)))
        move = np.array([[1, 0, x], [0, 1, y]], np.float32)
        return tuple(cv2.warpAffine(np.ascontiguousarray(p), move, (width, height)) for p in (alpha, colours))  # type: ignore[return-value]

    def _meant(
        self, things: Sequence[np.ndarray], light: np.ndarray
    ) -> tuple[np.ndarray, list[np.ndarray], list[np.ndarray]]:
        """The coverage of what is meant, the things of it, and what else there is."""
        rng, chance = self._rng, self._rng.random()
        nothing = np.zeros(light.shape, np.float32)
        shines = np.count_nonzero(light > _FACING) > 3 * _LEAST
        if shines and rng.random() < 0.15:
            return light, [], list(things)
        meant = np.full(len(things), True) if chance < 0.45 else rng.random(len(things)) < 0.5
        if len(things) and rng.random() < _NONE:
            meant[:] = False
        elif len(things) and not meant.any():
            meant[int(rng.integers(len(things)))] = True
        mine, others = (
            [own for own, m in zip(things, meant, strict=True) if m == same] for same in (True, False)
        )
        if shines and rng.random() < 0.5:
            others.append(light)
        # what is in front takes its share of what is behind
        return np.minimum(np.sum(mine, axis=0), 1) if mine else nothing, mine, others

    def _seen(self, frame: np.ndarray, true: np.ndarray, found: np.ndarray, size: tuple[int, int]) -> Pointed:
        """A part of the scene, as large as asked, with clicks."""
        rng, (height, width) = self._rng, true.shape
        share, aspect = float(rng.uniform(0.35, 1)) if rng.random() < 0.5 else 1.0, size[0] / size[1]
        tall = min(height, width / aspect) * share
        wide = tall * aspect
        wrong = np.argwhere(np.abs(found - true) > _FACING)
        at = rng.uniform(0, [height, width])
        if len(wrong) and share < 1:
            at = wrong[int(rng.integers(len(wrong)))]
        top = int(np.clip(at[0] - tall * rng.uniform(0.3, 0.7), 0, height - tall))
        left = int(np.clip(at[1] - wide * rng.uniform(0.3, 0.7), 0, width - wide))
        window, flip = np.s_[top : top + int(tall), left : left + int(wide)], rng.random() < 0.5
        how = cv2.INTER_AREA if wide >= size[0] else cv2.INTER_LINEAR
        picture, cover, before = (
            cv2.resize(np.ascontiguousarray(p[window]), size, interpolation=how) for p in (frame, true, found)
        )
        if flip:
            picture, cover, before = picture[:, ::-1], cover[:, ::-1], before[:, ::-1]
        if rng.random() < 0.3:
            lit = picture * rng.uniform(0.7, 1.25) + rng.uniform(-25, 25)
            picture = np.clip(lit, 0, 255).astype(np.uint8)
        clicks = np.zeros((2, *before.shape), bool)
        for _ in range(int(rng.choice([0, 1, 2, 3, 5], p=[0.1, 0.45, 0.2, 0.15, 0.1]))):
            click(clicks, before > _FACING, cover, rng)
        return Pointed(np.ascontiguousarray(picture), before > _FACING, np.ascontiguousarray(cover), clicks)


def click(clicks: np.ndarray, found: np.ndarray, true: np.ndarray, rng: np.random.Generator) -> None:
    """Add a click to `clicks`, bool (2, h, w), on some of what is `found`, bool (h, w), and is not true, or the
    other way round; now and then a stroke.
    """
    true = true > _FACING
    near = cv2.dilate(clicks.max(0).view(np.uint8), square(7)) > 0
    count, pieces, stats, _ = cv2.connectedComponentsWithStats(((found != true) & ~near).view(np.uint8))
    if count < 2:
        return
    area = stats[1:, cv2.CC_STAT_AREA]
    chosen = int(area.argmax()) if rng.random() < 0.7 else int(rng.choice(count - 1, p=area / area.sum()))
    if area[chosen] < 6:
        return
    depth = cv2.distanceTransform(np.pad((pieces == chosen + 1).view(np.uint8), 1), cv2.DIST_L2, 3)[
        1:-1, 1:-1
    ]
    deep = np.argwhere(depth >= depth.max() * (0.55 if rng.random() < 0.6 else 0.95))
    y, x = (int(v) for v in deep[int(rng.integers(len(deep)))])
    drawn = np.zeros(found.shape, np.uint8)
    if rng.random() < 0.1:
        end = deep[int(rng.integers(len(deep)))]
        cv2.line(drawn, (x, y), (int(end[1]), int(end[0])), 1, DOT)
        drawn[true != true[y, x]] = 0
    cv2.circle(drawn, (x, y), DOT, 1, -1)
    clicks[0 if true[y, x] else 1] |= drawn > 0


def taken(
    frame: np.ndarray,
    true: np.ndarray,
    mine: Sequence[np.ndarray],
    others: Sequence[np.ndarray],
    rng: np.random.Generator,
) -> np.ndarray:
    """What somebody took for the thing, float32 (h, w): nothing, some of it, something else too, a piece more or
    less that has one colour, or what it was in the drawing before.
    """
    found, chance = true.copy(), rng.random()
    if chance < 0.25:
        found = np.zeros_like(true)
    elif chance < 0.45 and mine:
        kept = [own for own in mine if rng.random() < 0.5]
        found = np.max(kept, axis=0) if kept else np.zeros_like(true)
    if others and (not mine or (chance < 0.95 and rng.random() < 0.35)):
        found = np.maximum(found, others[int(rng.integers(len(others)))])
    if chance >= 0.4:
        for _ in range(int(rng.integers(0, 4))):
            found = _flawed(frame, found, true, rng)
    if chance >= 0.8:
        middle = (true.shape[1] / 2, true.shape[0] / 2)
        move = cv2.getRotationMatrix2D(middle, rng.normal(0, 4), float(np.exp(rng.normal(0, 0.05))))
        move = move + np.array([[0, 0, rng.normal(0, 5)], [0, 0, rng.normal(0, 5)]])
        found = cv2.warpAffine(found, move, true.shape[::-1])
    grown = int(rng.integers(-2, 3))
    if grown:
        found = (cv2.dilate if grown > 0 else cv2.erode)(found, np.ones((abs(grown) + 1,) * 2, np.uint8))
    return found.astype(np.float32)


def _flawed(frame: np.ndarray, found: np.ndarray, true: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One piece lost, or one that is not of it."""
    height, width = true.shape
    inside = np.argwhere(true > _FACING)
    if len(inside) and rng.random() < 0.7:
        (y, x), value = inside[int(rng.integers(len(inside)))], 0.0
    else:
        y, x, value = rng.integers(height), rng.integers(width), float(rng.random() < 0.7)
    at = (int(x), int(y))
    if rng.random() < 0.6:
        piece, leeway = np.zeros((height + 2, width + 2), np.uint8), (int(rng.integers(4, 22)),) * 3
        fixed = cv2.FLOODFILL_FIXED_RANGE if rng.random() < 0.5 else 0
        flags = 4 | cv2.FLOODFILL_MASK_ONLY | (1 << 8) | fixed
        cv2.floodFill(cv2.blur(frame, (3, 3)), piece, at, 0, leeway, leeway, flags)
        piece = cv2.morphologyEx(piece[1:-1, 1:-1], cv2.MORPH_CLOSE, square(1))
        if piece.mean() > 0.4:
            return found
    else:
        piece, long = np.zeros((height, width), np.uint8), float(rng.uniform(4, 40))
        axes = (int(long), int(long * rng.uniform(0.4, 1.6)))
        cv2.ellipse(piece, at, axes, float(rng.uniform(0, 180)), 0, 360, 1, -1)
    return np.where(piece > 0, np.float32(value), found)


def _things(alpha: np.ndarray) -> list[np.ndarray]:
    """The coverage float32 (h, w), 0..1, of each figure of a layer uint8 (h, w)."""
    count, pieces, stats, _ = cv2.connectedComponentsWithStats((alpha > _HALF).view(np.uint8))
    large = [k for k in range(1, count) if stats[k, cv2.CC_STAT_AREA] >= _LEAST]
    return [
        (alpha * cv2.dilate((pieces == k).view(np.uint8), square(1))).astype(np.float32) / 255 for k in large
    ]


def _parts(folders: Sequence[str], rng: np.random.Generator) -> list[_Cut]:
    """Some of the figures and props of folders, small."""
    found = [
        part
        for folder in folders
        for kind in ("figures", "props")
        for part in kit.load(str(Path(folder)), "train").parts[kind]
        if not kit.examined(part, (0, 0))
    ]
    made = list[_Cut]()
    for number in rng.permutation(len(found))[:_PARTS]:
        picture = found[number].drawings[0]
        scale = min(1.0, _PART / max(picture.shape[:2]))
        small = kit.scaled(
            picture, (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
        )
        if np.count_nonzero(small[..., 3] > _HALF) > 3 * _LEAST:
            made.append(_Cut(small[..., :3].copy(), small[..., 3].astype(np.float32) / 255))
    return made
