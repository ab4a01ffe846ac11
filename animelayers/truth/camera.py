"""What the camera does: for every frame where its pixels lie on the painting."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

KINDS = ("still", "pan", "tilt", "zoom", "rotate", "shake", "weave")


@dataclass(frozen=True)
class Camera:
    """A move of the camera over a shot.

    ``kind``: one of `KINDS`; ``amount``: how far in all, in shares of the frame's height (pan, tilt, and the
    reach of shake and weave), as a factor less 1 (zoom) or in degrees (rotate), negative the other way;
    ``eased``: whether it starts and ends slowly; ``seed``: of what is random.
    """

    kind: str = "still"
    amount: float = 0.0
    eased: bool = True
    seed: int = 0

    def path(self, frames: int, size: tuple[int, int]) -> np.ndarray:
        """Float64 (T, 3, 3): from a pixel (x, y, 1) of frame t to one of frame 0's picture plane; the
        identity first but for shakes.

        Raises ValueError for an unknown kind.
        """
        (width, height), path = size, np.tile(np.eye(3), (frames, 1, 1))
        share = np.linspace(0, 1, frames) if frames > 1 else np.zeros(1)
        share = share * share * (3 - 2 * share) if self.eased else share
        if self.kind in ("pan", "tilt"):
            path[:, 0 if self.kind == "pan" else 1, 2] = share * self.amount * height
        elif self.kind in ("zoom", "rotate"):
            centre = np.array([(width - 1) / 2, (height - 1) / 2])
            scale = 1 / (1 + self.amount * share) if self.kind == "zoom" else np.ones(frames)
            angle = np.radians(self.amount * share) if self.kind == "rotate" else np.zeros(frames)
            turn = scale[:, None, None] * np.stack(
                [np.stack([np.cos(angle), -np.sin(angle)], 1), np.stack([np.sin(angle), np.cos(angle)], 1)], 1
            )
            path[:, :2, :2] = turn
            path[:, :2, 2] = centre - turn @ centre
        elif self.kind in ("shake", "weave"):
            path[:, :2, 2] = self._shaken(frames) * self.amount * height
        elif self.kind != "still":
            raise ValueError(f"camera {self.kind!r}: one of {', '.join(KINDS)}")
        return path

    def _shaken(self, frames: int) -> np.ndarray:
        """Offsets (T, 2) of about -1..1: a hand that drifts and jerks, or a film's gate that jumps a little
        each frame and mostly upwards.
        """
        rng = np.random.default_rng([self.seed, 7])
        noise = rng.normal(0, 0.5, (frames + 4, 2))
        if self.kind == "weave":
            return np.asarray(noise[:frames] * (0.5, 1.0))
        return np.asarray(
            np.stack([np.convolve(noise[:, i], (0.2, 0.3, 0.3, 0.2), "valid")[:frames] for i in (0, 1)], 1)
            * 1.6
        )


def canvas(path: np.ndarray, size: tuple[int, int]) -> tuple[np.ndarray, tuple[int, int]]:
    """The painting that a path needs: homographies float64 (T, 3, 3) from a frame's pixels to the painting's,
    and its size (width, height).
    """
    width, height = size
    corners = np.array([[0, 0, 1], [width - 1, 0, 1], [0, height - 1, 1], [width - 1, height - 1, 1]], float)
    reached = np.concatenate([corners @ seat.T for seat in path])[:, :2]
    first = np.floor(reached.min(0) - 1e-6).astype(int)
    last = np.ceil(reached.max(0) + 1e-6).astype(int)
    if np.allclose(path, np.eye(3)):
        first, last = np.zeros(2, int), np.array([width - 1, height - 1])
    shift = np.eye(3)
    shift[:2, 2] = -first
    return shift @ path, (int(last[0] - first[0] + 1), int(last[1] - first[1] + 1))
