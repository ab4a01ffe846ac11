"""Painted backgrounds out of doors. A place is drawn once per shot, as on the background sheet of cel
animation: uint8 (H, W, 3).
"""

from __future__ import annotations

import cv2
import numpy as np

from animelayers.samples import brush
from animelayers.samples.brush import Rng
from animelayers.samples.pen import Colour

LEAVES: tuple[Colour, ...] = ((44, 92, 82), (70, 132, 84), (118, 170, 86), (176, 206, 104))
BLOSSOM: tuple[Colour, ...] = ((150, 88, 118), (206, 132, 158), (238, 176, 192), (252, 214, 220))


def meadow(size: tuple[int, int], rng: Rng) -> np.ndarray:
    """A summer hillside above the sea."""
    width, height = size
    picture = brush.wash(
        size, [(0, (58, 136, 214)), (0.35, (132, 196, 238)), (0.52, (206, 234, 242)), (1, (206, 234, 242))]
    )
    for i in range(max(3, round(3 * width / height))):
        x = width * (i + rng.uniform(0.2, 0.8)) / max(3, round(3 * width / height))
        brush.cumulus(
            picture,
            x,
            height * rng.uniform(0.26, 0.47),
            height * rng.uniform(0.32, 0.62),
            rng,
            (255, 254, 250),
            (170, 200, 228),
        )
    sea = round(height * 0.5)
    picture[sea : round(height * 0.66)] = brush.wash(
        (width, round(height * 0.66) - sea), [(0, (70, 150, 200)), (1, (96, 186, 206))]
    )
    count = 60
    for x, y in zip(rng.uniform(0, width, count), rng.uniform(sea, height * 0.62, count), strict=True):
        length = height * 0.05 * (y - sea + 4) / (height * 0.1)
        cv2.line(
            picture, (round(x), round(y)), (round(x + length), round(y)), (190, 228, 236), 1, cv2.LINE_AA
        )
    brush.hill(
        picture,
        brush.ridge(width, height * 0.53, height * 0.06, rng, 3 * width / height),
        (104, 150, 160),
        (112, 172, 140),
    )
    brush.hill(
        picture,
        brush.ridge(width, height * 0.6, height * 0.05, rng, 2 * width / height),
        (84, 150, 104),
        (140, 190, 96),
    )
    for at, crown, air in ((0.63, 0.09, 0.5), (0.7, 0.13, 0.25)):
        across = np.arange(-0.05, width / height + 0.1, crown * 0.55)
        wood = np.stack([across, at + rng.uniform(-0.02, 0.02, len(across))], 1) * height
        stands = np.sin(across * 3.1 + at * 40) > 0.2 - 1.4 * air
        brush.foliage(picture, wood[stands], height * crown, rng, brush.haze(LEAVES, (150, 190, 196), air))
    line = brush.ridge(width, height * 0.7, height * 0.03, rng, 2 * width / height)
    brush.hill(picture, line, (150, 196, 96), (78, 138, 74))
    brush.grass(
        picture,
        line,
        rng,
        ((96, 156, 74), (134, 184, 84), (176, 210, 108), (70, 126, 72)),
        round(900 * width / height),
    )
    bloom = np.stack([rng.uniform(0, width, 90), rng.uniform(height * 0.76, height, 90)], 1)
    brush.dabs(picture, bloom, height * 0.006, ((255, 250, 240), (250, 214, 110), (240, 150, 170)), rng, 0.8)
    return brush.texture(picture, rng)


def park(size: tuple[int, int], rng: Rng) -> np.ndarray:
    """A path under blossoming trees."""
    width, height = size
    picture = brush.wash(size, [(0, (120, 184, 226)), (0.5, (222, 238, 244)), (1, (222, 238, 244))])
    for i in range(3):
        y, wide = height * rng.uniform(0.2, 0.35), height * rng.uniform(0.3, 0.5)
        brush.cumulus(picture, width * (0.2 + 0.33 * i), y, wide, rng, (255, 255, 255), (190, 212, 232))
    brush.hill(
        picture, brush.ridge(width, height * 0.5, height * 0.08, rng, 6), (126, 164, 160), (134, 178, 138)
    )
    across = np.arange(-0.05, 1.06, 0.06) * width
    wood = np.stack([across, height * (0.5 + rng.uniform(-0.05, 0.05, len(across)))], 1)
    brush.foliage(picture, wood, height * 0.3, rng, brush.haze(LEAVES, (206, 226, 226), 0.45))
    line = np.array([(0.0, height * 0.64), (float(width), height * 0.64)])
    brush.hill(picture, line, (150, 196, 110), (96, 152, 84))
    brush.grass(picture, line, rng, ((110, 164, 84), (142, 188, 94), (172, 208, 116)), 900)
    path = np.array([(0.0, 0.78), (1.0, 0.76), (1.0, 1.0), (0.0, 1.0)]) * (width, height)
    mask = np.zeros((height, width), np.uint8)
    cv2.fillPoly(mask, [path.round().astype(np.int32)], 255, cv2.LINE_AA)
    picture = brush.blend(picture, brush.wash(size, [(0.75, (226, 206, 180)), (1, (196, 168, 148))]), mask)
    for x in (0.05, 0.37, 0.7, 1.0):
        brush.trunk(picture, width * x, height * 0.7, height * 0.5, (150, 116, 122))
    canopy = np.stack(
        [across, height * (0.1 + 0.05 * np.cos(across / height * 4) + rng.uniform(-0.04, 0.04, len(across)))],
        1,
    )
    brush.foliage(picture, canopy, height * 0.42, rng, brush.haze(BLOSSOM, (250, 232, 236), 0.35))
    petals = np.stack([rng.uniform(0, width, 260), rng.uniform(height * 0.72, height, 260)], 1)
    brush.dabs(picture, petals, height * 0.006, ((250, 206, 214), (240, 180, 194), (255, 232, 234)), rng)
    return brush.texture(picture, rng)


def night(size: tuple[int, int], rng: Rng) -> np.ndarray:
    """Ruins under the moon, a stage for light."""
    width, height = size
    picture = brush.wash(
        size, [(0, (18, 20, 58)), (0.45, (44, 52, 112)), (0.75, (98, 92, 150)), (1, (98, 92, 150))]
    )
    stars = np.stack([rng.uniform(0, width, 150), rng.uniform(0, height * 0.6, 150)], 1)
    brush.dabs(picture, stars, height * 0.0022, ((240, 244, 255), (190, 204, 246), (140, 150, 220)), rng, 1.0)
    moon, glow = (round(width * 0.78), round(height * 0.22)), np.zeros((height, width), np.uint8)
    cv2.circle(glow, moon, round(height * 0.2), 120, -1, cv2.LINE_AA)
    picture = brush.blend(
        picture, np.full_like(picture, (150, 160, 226)), cv2.GaussianBlur(glow, (0, 0), height / 11)
    )
    cv2.circle(picture, moon, round(height * 0.085), (246, 244, 226), -1, cv2.LINE_AA)
    for x, y, r in ((-0.02, -0.02, 0.018), (0.03, 0.015, 0.012), (-0.01, 0.035, 0.01)):
        cv2.circle(
            picture,
            (round(moon[0] + x * height), round(moon[1] + y * height)),
            round(r * height),
            (226, 224, 212),
            -1,
            cv2.LINE_AA,
        )
    for i in range(3):
        y, wide = height * rng.uniform(0.42, 0.6), height * rng.uniform(0.4, 0.7)
        brush.cumulus(picture, width * (0.15 + 0.35 * i), y, wide, rng, (122, 126, 190), (66, 68, 130))
    brush.hill(picture, brush.ridge(width, height * 0.64, height * 0.1, rng, 5), (46, 48, 96), (30, 32, 70))
    for x, tall in ((0.08, 0.5), (0.2, 0.36), (0.8, 0.42), (0.93, 0.56)):
        _column(picture, width * x, height * 0.82, height * tall)
    line = brush.ridge(width, height * 0.77, height * 0.02, rng, 3)
    brush.hill(picture, line, (62, 74, 108), (28, 34, 62))
    brush.grass(picture, line, rng, ((50, 66, 100), (72, 92, 124), (36, 46, 80)), 700)
    return brush.texture(picture, rng, 5)


def _column(picture: np.ndarray, x: float, y: float, tall: float) -> None:
    half = tall * 0.085
    x0, x1, top = round(x - half), round(x + half), round(y - tall)
    cv2.rectangle(picture, (x0, top), (x1, round(y)), (76, 78, 122), -1)
    cv2.rectangle(picture, (round(x + half * 0.35), top), (x1, round(y)), (110, 112, 158), -1)
    cv2.rectangle(picture, (x0, top), (round(x - half * 0.5), round(y)), (54, 54, 98), -1)
    for k in (0.0, 0.93):
        yy = round(top + k * tall)
        cv2.rectangle(
            picture,
            (round(x - half * 1.35), yy),
            (round(x + half * 1.35), round(yy + tall * 0.06)),
            (92, 94, 140),
            -1,
        )
