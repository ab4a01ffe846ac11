"""Where things on a head lie in the picture: a front view, in head widths around the middle of the face,
turned in depth.
"""

from __future__ import annotations

import numpy as np

from animelayers.samples.pen import Points, rotate
from animelayers.truth.people.body import Body

_NECK = (0.0, 0.62)


class Skull:
    """The head of a body in its pose. ``yaw`` in degrees, at most `MOST` to either side."""

    MOST = 52.0

    def __init__(self, body: Body) -> None:
        pose = body.pose
        self.pose, self.unit = pose, body.head
        facing = pose.yaw + pose.face - (180 * np.sign(pose.yaw) if pose.away else 0)
        self.degrees = float(np.clip(facing, -self.MOST, self.MOST))
        self.yaw, self.nod = np.radians(self.degrees), np.radians(pose.nod + 0.5 * pose.lean)
        ahead = facing - self.degrees
        base = body.at([(0.0, body.chin + 0.012, 0.012)])[0]
        self.origin = base - (0.0, 0.6 * body.head) + (0.0, -0.004 * pose.breath)
        self.tilt = pose.tilt + 0.08 * ahead

    def place(self, points: Points, depth: float | None = None) -> np.ndarray:
        """Points (N, 2) of the front view; ``depth``: 1 on the face, 0 in the axis, -1 the back of the head,
        None on the round of the face.
        """
        p = np.array(points, np.float64)
        z = np.sqrt(np.clip(1 - (p[:, 0] / 0.56) ** 2, 0, 1)) if depth is None else np.full(len(p), depth)
        z = 0.42 * z
        x = p[:, 0] * np.cos(self.yaw) + z * np.sin(self.yaw)
        y = 0.1 + (p[:, 1] - 0.1) * np.cos(self.nod) + z * np.sin(self.nod)
        turned = rotate(np.stack([x, y], 1), self.tilt, _NECK)
        placed: np.ndarray = turned * self.unit + self.origin
        return placed

    def seen(self, points: Points, back: float = 0.0) -> np.ndarray:
        """Points (N, 2) as they are seen from any side, such as the outline of a round head; ``back``: how
        far they lie behind the axis.
        """
        p = np.array(points, np.float64)
        turned = rotate(p - np.array([0.42 * back * np.sin(self.yaw), 0.0]), self.tilt, _NECK)
        placed: np.ndarray = turned * self.unit + self.origin
        return placed

    def blown(self, points: Points, depth: float = 0.0, round_about: bool = False) -> np.ndarray:
        """As `place`, or `seen`, with everything below the ears carried by wind and movement."""
        p = np.array(points, np.float64)
        hang = np.clip(p[:, 1] - 0.1, 0, None)
        wind, swing = self.pose.wind, self.pose.swing
        p[:, 0] += wind * (0.09 * hang**1.4 + 0.02 * np.sin(3 * hang + 5 * wind)) + swing * 0.07 * hang**1.3
        p[:, 1] -= 0.03 * abs(wind) * hang
        return self.seen(p, -depth) if round_about else self.place(p, depth)
