"""The cel of a figure that is moved as a whole: where it lies in each drawing, and what it looks like with nothing in front of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from animelayers.imaging.unmix import consensus
from animelayers.imaging.window import window

PICKS = 16
"""Drawings that vote on the cel; the cost grows with the square."""
_CLEAR = 5  # drawings with the least in front, which speak first where something is in front in others
_NEAR = 4  # pixels around it that count as covered
_MOST = 24  # grey levels of difference that count when a shift is settled
_TRIES = 40  # shifts that are tried


class Held(NamedTuple):
    """The figure as a cel that is moved as a whole, in the coordinates of the drawing in the middle.

    ``colour`` uint8 (H, W, 3); ``alpha`` uint8 (H, W); ``votes`` uint8 (H, W): how many of ``voters`` drawings show that colour;
    ``shifts`` float64 (D, 2): how far right and down the cel lies in each drawing, pixels.
    """

    colour: np.ndarray
    alpha: np.ndarray
    votes: np.ndarray
    voters: int
    shifts: np.ndarray

    @property
    def known(self) -> np.ndarray:
        """Pixels whose colour enough drawings agree on."""
        return self.votes >= max(2, round(0.15 * self.voters))


def shifts(drawings: Sequence[np.ndarray], alphas: Sequence[np.ndarray]) -> np.ndarray:
    """How far the figure lies from where it is in the drawing in the middle, float64 (D, 2), right and down, pixels of the pictures.

    Phase correlation (Kuglin and Hines, 1975) of the line art inside the mattes `alphas` (uint8 (H, W)).
    """
    lines = [
        cv2.Laplacian(cv2.cvtColor(d, cv2.COLOR_RGB2GRAY), cv2.CV_32F) * (a * np.float32(1 / 255)) for d, a in zip(drawings, alphas, strict=True)
    ]
    middle = lines[len(lines) // 2]
    if not middle.any():
        return np.zeros((len(lines), 2))
    moved = [cv2.phaseCorrelate(middle, line)[0] if line.any() else (0.0, 0.0) for line in lines]
    return np.nan_to_num(np.array(moved, np.float64))


def moved(picture: np.ndarray, by: Sequence[float]) -> np.ndarray:
    """A picture or plane moved right and down by `by` pixels, its edge repeated."""
    right, down = float(by[0]), float(by[1])
    flags = cv2.INTER_NEAREST if right.is_integer() and down.is_integer() else cv2.INTER_LINEAR
    matrix = np.array([[1, 0, right], [0, 1, down]])
    return cv2.warpAffine(picture, matrix, (picture.shape[1], picture.shape[0]), flags=flags, borderMode=cv2.BORDER_REPLICATE)


def settled(drawings: Sequence[np.ndarray], alphas: Sequence[np.ndarray], by: np.ndarray) -> np.ndarray:
    """The shifts `by`, found on small pictures, to the nearest whole pixel of the drawings themselves: float64 (D, 2)."""
    middle = len(drawings) // 2
    grey = [cv2.cvtColor(drawing, cv2.COLOR_RGB2GRAY) for drawing in drawings]
    where = window(alphas[middle], 0)
    if where is None:
        return np.asarray(np.rint(by))
    own, solid = grey[middle][where], cv2.threshold(alphas[middle][where], 200, 255, cv2.THRESH_BINARY)[1]

    def cost(plane: np.ndarray, step: tuple[int, int]) -> float:
        other = moved(plane, (-step[0], -step[1]))[where]
        # what an effect hides must not count for more than line art that does not meet
        return float(cv2.mean(cv2.threshold(cv2.absdiff(own, other), _MOST, 0, cv2.THRESH_TRUNC)[1], solid)[0])

    result = np.zeros(by.shape)
    for number, plane in enumerate(grey):
        best = (round(by[number, 0]), round(by[number, 1]))
        least, tried = cost(plane, best), {best}
        while ways := [(best[0] + x, best[1] + y) for x, y in ((1, 0), (-1, 0), (0, 1), (0, -1)) if (best[0] + x, best[1] + y) not in tried]:
            costs = [cost(plane, way) for way in ways]
            tried.update(ways)
            if min(costs) >= least or len(tried) > _TRIES:
                break
            least, best = min(costs), ways[int(np.argmin(costs))]
        result[number] = best
    return result


def held(
    drawings: Sequence[np.ndarray],
    alphas: Sequence[np.ndarray],
    by: np.ndarray,
    picks: Sequence[int] | None = None,
    hidden: Sequence[np.ndarray] | None = None,
) -> Held:
    """The cel that `drawings` with mattes `alphas` have in common when each is moved back `by` its shift.

    `picks`: those that vote. `hidden`: where something lies in front of the cel in each, bool (H, W).
    """
    chosen = np.unique(np.linspace(0, len(drawings) - 1, PICKS).astype(int)).tolist() if picks is None else list(picks)
    backs = [moved(drawings[k], -by[k]) for k in chosen]
    mattes = [moved(alphas[k], -by[k]) for k in chosen]
    if hidden is None:
        colour, votes = consensus(backs)
        return Held(colour, _middle(mattes), votes, len(chosen), by)
    shown = [moved((~hidden[k]).astype(np.uint8), -np.rint(by[k])) for k in chosen]
    colour, votes = consensus(backs, shown)
    # smoke that hangs in the air for most of a shot is outvoted by the drawings before it
    clear = _clearest([1 - mask for mask in shown])[:_CLEAR]
    first, agreed = consensus([backs[i] for i in clear], [shown[i] for i in clear])
    covered = cv2.erode(np.minimum.reduce(shown), np.ones((3, 3), np.uint8), iterations=_NEAR) == 0
    better = covered & (agreed >= 2)
    alpha = np.where(covered, _middle([mattes[i] for i in clear]), _middle(mattes))
    return Held(np.where(better[..., None], first, colour), alpha, np.where(better, np.maximum(votes, agreed), votes), len(chosen), by)


def _middle(mattes: Sequence[np.ndarray]) -> np.ndarray:
    middle: np.ndarray = np.median(mattes, axis=0).astype(np.uint8)
    return middle


def _clearest(hidden: Sequence[np.ndarray]) -> np.ndarray:
    """Numbers of the drawings, those with the least in front first; smoke that is left of an effect counts double, for much of it is missed."""
    area = np.array([mask.mean() for mask in hidden])
    return np.argsort(area * np.where(np.arange(len(area)) > np.argmax(area), 2, 1), kind="stable")


def voters(hidden: Sequence[np.ndarray]) -> list[int]:
    """Drawings that tell what the cel looks like, of those with `hidden`, bool (H, W), in front: half of them have the least in front."""
    order = _clearest(hidden)
    clear, rest = order[: PICKS // 2], np.sort(order[PICKS // 2 :])
    more = rest[np.unique(np.linspace(0, len(rest) - 1, min(len(rest), PICKS - len(clear))).astype(int))] if len(rest) else rest
    return sorted({*clear.tolist(), *more.tolist()})


def completed(cel: Held) -> Held:
    """The cel with its unknown colours painted in from around (Telea, 2004), unless more than half of it is unknown."""
    figure = cel.alpha > 127
    hole = figure & ~cel.known
    if not hole.any() or 2 * np.count_nonzero(hole) > np.count_nonzero(figure):
        return cel
    colour = cv2.inpaint(cel.colour, hole.astype(np.uint8), 3, cv2.INPAINT_TELEA)
    return cel._replace(colour=colour, votes=np.where(hole, np.uint8(cel.voters), cel.votes))


def under(cel: Held, number: int, plate: np.ndarray, seen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What lies under any effect in a drawing: the held cel over its `plate`, uint8 (H, W, 3), and where that is known, bool.

    `plate` and `seen` (bool: where it is known) as the drawing's camera shows them.
    """
    figure = moved(cel.alpha, cel.shifts[number]) > 127
    colour = np.where(figure[..., None], moved(cel.colour, cel.shifts[number]), plate)
    return colour, np.where(figure, moved(cel.known.view(np.uint8), cel.shifts[number]) > 0, seen)
