"""What joints tell: the pose in words, and where the head is."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

Points = Mapping[str, np.ndarray]

_SIDES = ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")
_COCO = (
    "nose",
    "left_eye",
    "right_eye",
    "left_ear",
    "right_ear",
    *(f"{side}_{part}" for part in _SIDES for side in ("left", "right")),
)

JOINTS: Mapping[str, Mapping[str, int]] = {
    "coco17": {name: k for k, name in enumerate(_COCO)},
    "coco133": {name: k for k, name in enumerate(_COCO)},
    "blazepose33": {
        **{
            "nose": 0,
            "left_eye": 2,
            "right_eye": 5,
            "left_ear": 7,
            "right_ear": 8,
            "left_mouth": 9,
            "right_mouth": 10,
        },
        **{
            f"{side}_{part}": at + k
            for part, at in zip(_SIDES, (11, 13, 15, 23, 25, 27), strict=True)
            for k, side in enumerate(("left", "right"))
        },
    },
}
"""Of each skeleton, where the joints with a common name stand. Left and right are the person's own."""

COUNT: Mapping[str, int] = {"coco17": 17, "coco133": 133, "blazepose33": 33}
"""How many joints each skeleton has; coco133 is COCO-WholeBody: the body's 17, then 6 of the feet, 68 of the
face and 21 of each hand.
"""

_FAR = 1e6  # pixels; farther off no joint is
_LYING, _UPSIDE_DOWN, _BENDING = 60, 120, 35  # degrees from upright from which a torso is that
_BENT, _STRAIGHT = 120, 145  # degrees of a knee below and above which it is that
_STRIDE = 40  # degrees between two thighs from which legs are apart
_LEVEL, _SUNK = 0.3, 0.4  # of a torso that shins, and of a thigh that kneeling ones, may fall at most
_UPRIGHT = 0.8  # of its length that the thigh of one who kneels goes down
_TALL = 1.4  # times the width of the shoulders that a torso is long
_RAISED = -0.2  # torsos, downwards, from the shoulder to a raised wrist
_WIDE, _ALOFT = 0.7, 0.4  # torsos that wrists of spread arms are aside at least, and up or down at most
# torsos that crossed wrists are past each other, and that shoulders seen from the front are wide
_CROSSED, _FRONTAL = -0.15, 0.3
_HEAD = ("nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_mouth", "right_mouth")
_WIDTHS = (
    ("left_ear", "right_ear", 1.3),
    ("left_eye", "right_eye", 2.3),
    ("nose", "left_ear", 2.2),
    ("nose", "right_ear", 2.2),
)


def named(joints: np.ndarray, skeleton: str, sure: float = 0.5) -> dict[str, np.ndarray]:
    """The joints float (K, 3) of a person whose score is at least `sure`, as x and y by name. Raises
    ValueError for an unknown skeleton.
    """
    if skeleton not in JOINTS:
        raise ValueError(f"no skeleton is called {skeleton!r}; known are {', '.join(JOINTS)}")
    return {
        name: joints[k, :2].astype(np.float64) for name, k in JOINTS[skeleton].items() if joints[k, 2] >= sure
    }


def lying_on(joints: np.ndarray, alpha: np.ndarray, reach: int) -> np.ndarray:
    """The joints float32 (M, K, 3) with score 0 where no pixel within `reach` of them has alpha, uint8 (H,
    W), above one half.
    """
    out = joints.copy()
    for joint in out.reshape(-1, 3):
        x, y = (int(v) for v in np.clip(np.round(joint[:2]), -_FAR, _FAR))
        near = alpha[max(0, y - reach) : max(0, y + reach + 1), max(0, x - reach) : max(0, x + reach + 1)]
        if not near.size or near.max() <= 127:
            joint[2] = 0
    return out


def words(points: Points) -> str:
    """The pose of a person, from the joints that are sure (`named`): 'standing, arms raised', or '' where
    they do not tell.
    """
    return ", ".join(word for word in (_posture(points), _arms(points)) if word)


def _posture(points: Points) -> str:
    shoulders, hips = _middle(points, "shoulder"), _middle(points, "hip")
    if shoulders is None or hips is None:
        return ""
    up = shoulders - hips
    torso = float(np.hypot(*up))
    tilt = np.degrees(np.arctan2(abs(up[0]), -up[1]))
    if not torso:
        return ""
    if tilt > _LYING:
        return "lying" if tilt < _UPSIDE_DOWN else "upside down"
    knees, ankles = _pair(points, "knee"), _pair(points, "ankle")
    sides = _pair(points, "hip")
    if knees is None or ankles is None or sides is None:
        return "bending" if tilt > _BENDING else ""
    return _legs(sides, knees, ankles, torso) or ("bending" if tilt > _BENDING else "")


def _legs(hips: np.ndarray, knees: np.ndarray, ankles: np.ndarray, torso: float) -> str:
    """Word of two legs: hips, knees and ankles float (2, 2), and the length of the torso."""
    thighs, shins = knees - hips, ankles - knees
    # 180 for a straight knee
    bent = [_angle(-thigh, shin) for thigh, shin in zip(thighs, shins, strict=True)]
    spread = _angle(thighs[0], thighs[1])
    # Drawn legs have any length: they are measured by themselves, not by the torso.
    thigh, shin = (np.hypot(*part.T) for part in (thighs, shins))
    drop, fall = thighs[:, 1], shins[:, 1]
    if (drop < 0.5 * shin).all() and ((fall > 0.5 * shin).all() or (fall < _LEVEL * torso).all()):
        return "sitting"
    if (drop > _UPRIGHT * thigh).all() and (fall < _SUNK * thigh).all() and max(bent) < _BENT:
        return "kneeling"
    if spread > _STRIDE and min(bent) < _BENT:
        return "running"
    if min(bent) > _STRAIGHT and (ankles - hips)[:, 1].min() > 0.5 * torso:
        return "standing" if spread < _STRIDE else "legs apart"
    return ""


def _arms(points: Points) -> str:
    shoulders, elbows, wrists = (_pair(points, part) for part in ("shoulder", "elbow", "wrist"))
    if shoulders is None or elbows is None or wrists is None:
        return ""
    hips = _middle(points, "hip")
    middle = shoulders.mean(0)
    size = (
        float(np.hypot(*(hips - middle)))
        if hips is not None
        else _TALL * float(np.hypot(*(shoulders[0] - shoulders[1])))
    )
    if not size:
        return ""
    away = (wrists - shoulders) / size
    raised = int(np.sum(away[:, 1] < _RAISED))
    if raised:
        return "arms raised" if raised == 2 else "one arm raised"
    wide = shoulders[0, 0] - shoulders[1, 0]
    if (
        (np.abs(away[:, 0]) > _WIDE).all()
        and (np.abs(away[:, 1]) < _ALOFT).all()
        and away[0, 0] * away[1, 0] < 0
    ):
        return "arms spread"
    crossing = (wrists[0, 0] - wrists[1, 0]) * np.sign(wide) / size
    if crossing < _CROSSED and (away[:, 1] < 1).all() and abs(wide) > _FRONTAL * size:
        return "arms crossed"
    return ""


def head(joints: np.ndarray, skeleton: str, sure: float = 0.5) -> tuple[int, int, int, int, float] | None:
    """The square around the face of a person, x, y, w, h in pixels and the mean score of its joints; None
    where they do not tell.

    From joints float (K, 3): as wide as the farthest pair of eyes, of ears, or of an ear and the nose says.
    Raises ValueError for an unknown skeleton.
    """
    points = named(joints, skeleton, sure)
    there = [name for name in _HEAD if name in points]
    side = max(
        (
            times * float(np.hypot(*(points[a] - points[b])))
            for a, b, times in _WIDTHS
            if a in points and b in points
        ),
        default=0.0,
    )
    if side < 2 or "nose" not in points:
        return None
    seen = np.array([points[name] for name in there])
    x, y = (seen.min(0) + seen.max(0)) / 2 - side / 2
    score = float(np.mean([joints[JOINTS[skeleton][name], 2] for name in there]))
    return round(x), round(y), max(1, round(side)), max(1, round(side)), score


def _pair(points: Points, part: str) -> np.ndarray | None:
    """The left and the right joint, float64 (2, 2), or None where one of them is missing."""
    left, right = points.get(f"left_{part}"), points.get(f"right_{part}")
    return None if left is None or right is None else np.stack([left, right])


def _middle(points: Points, part: str) -> np.ndarray | None:
    pair = _pair(points, part)
    return None if pair is None else np.asarray(pair.mean(0))


def _angle(a: np.ndarray, b: np.ndarray) -> float:
    """Degrees between two vectors, 0..180; 0 where one has no length."""
    lengths = float(np.hypot(*a) * np.hypot(*b))
    return float(np.degrees(np.arccos(np.clip(np.dot(a, b) / lengths, -1, 1)))) if lengths else 0.0
