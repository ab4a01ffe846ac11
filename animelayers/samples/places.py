"""The painted backgrounds: a place is drawn once per shot, as on a cel animation's background sheet."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import cv2
import numpy as np

from animelayers.samples import brush
from animelayers.samples.brush import Rng
from animelayers.samples.pen import Colour, mix

LEAVES: tuple[Colour, ...] = ((44, 92, 82), (70, 132, 84), (118, 170, 86), (176, 206, 104))
BLOSSOM: tuple[Colour, ...] = ((150, 88, 118), (206, 132, 158), (238, 176, 192), (252, 214, 220))


def meadow(size: tuple[int, int], rng: Rng) -> np.ndarray:
    """A summer hillside above the sea."""
    width, height = size
    picture = brush.wash(size, [(0, (58, 136, 214)), (0.35, (132, 196, 238)), (0.52, (206, 234, 242)), (1, (206, 234, 242))])
    for i in range(max(3, round(3 * width / height))):
        x = width * (i + rng.uniform(0.2, 0.8)) / max(3, round(3 * width / height))
        brush.cumulus(picture, x, height * rng.uniform(0.26, 0.47), height * rng.uniform(0.32, 0.62), rng, (255, 254, 250), (170, 200, 228))
    sea = round(height * 0.5)
    picture[sea : round(height * 0.66)] = brush.wash((width, round(height * 0.66) - sea), [(0, (70, 150, 200)), (1, (96, 186, 206))])
    count = 60
    for x, y in zip(rng.uniform(0, width, count), rng.uniform(sea, height * 0.62, count), strict=True):
        length = height * 0.05 * (y - sea + 4) / (height * 0.1)
        cv2.line(picture, (round(x), round(y)), (round(x + length), round(y)), (190, 228, 236), 1, cv2.LINE_AA)
    brush.hill(picture, brush.ridge(width, height * 0.53, height * 0.06, rng, 3 * width / height), (104, 150, 160), (112, 172, 140))
    brush.hill(picture, brush.ridge(width, height * 0.6, height * 0.05, rng, 2 * width / height), (84, 150, 104), (140, 190, 96))
    for x in np.arange(0.1, width / height, 0.55) * height:
        brush.tree(picture, x + rng.uniform(-0.1, 0.1) * height, height * 0.7, height * rng.uniform(0.3, 0.5), rng, LEAVES)
    line = brush.ridge(width, height * 0.7, height * 0.03, rng, 2 * width / height)
    brush.hill(picture, line, (150, 196, 96), (78, 138, 74))
    brush.grass(picture, line, rng, ((96, 156, 74), (134, 184, 84), (176, 210, 108), (70, 126, 72)), round(900 * width / height))
    bloom = np.stack([rng.uniform(0, width, 90), rng.uniform(height * 0.76, height, 90)], 1)
    brush.dabs(picture, bloom, height * 0.006, ((255, 250, 240), (250, 214, 110), (240, 150, 170)), rng, 0.8)
    return brush.texture(picture, rng)


def street(size: tuple[int, int], rng: Rng) -> np.ndarray:
    """A town street at sunset, roofs and wires against the sky."""
    width, height = size
    picture = brush.wash(size, [(0, (96, 92, 168)), (0.3, (206, 134, 168)), (0.55, (252, 190, 140)), (0.7, (255, 226, 170)), (1, (255, 226, 170))])
    for i in range(4):
        brush.cumulus(picture, width * (0.12 + 0.26 * i), height * rng.uniform(0.2, 0.42), height * rng.uniform(0.3, 0.6), rng, (255, 214, 180), (188, 116, 160))
    _houses(picture, rng, 0.62, 0.18, (176, 128, 158), (232, 180, 160))
    _houses(picture, rng, 0.72, 0.34, (122, 90, 132), (255, 216, 140))
    ground = round(height * 0.74)
    picture[ground:] = brush.wash((width, height - ground), [(0, (168, 128, 138)), (1, (108, 84, 112))])
    for i in range(-6, 12):
        x = width * (0.5 + (i - 2.5) * 0.1)
        cv2.line(picture, (round(x), ground), (round(x + (x - width / 2) * 2.2), height), (140, 104, 122), 1, cv2.LINE_AA)
    cv2.line(picture, (0, ground), (width, ground), (88, 66, 96), max(1, height // 200), cv2.LINE_AA)
    for y in (0.62, 0.67):
        cv2.line(picture, (0, round(height * y)), (width, round(height * y)), (92, 70, 100), max(1, height // 130), cv2.LINE_AA)
    for x in np.arange(0.04, width / height, 0.16) * height:
        cv2.line(picture, (round(x), round(height * 0.6)), (round(x), ground), (92, 70, 100), max(1, height // 150), cv2.LINE_AA)
    _wires(picture)
    return brush.texture(picture, rng, 8)


def _houses(picture: np.ndarray, rng: Rng, foot: float, high: float, wall: Colour, lamp: Colour) -> None:
    height, width = picture.shape[:2]
    x = -0.1 * height
    while x < width:
        w, h = height * rng.uniform(0.16, 0.34), height * high * rng.uniform(0.55, 1)
        top, base, tone = height * foot - h, height * foot + height * 0.1, mix(wall, (60, 50, 90), rng.uniform(0, 0.25))
        cv2.rectangle(picture, (round(x), round(top)), (round(x + w), round(base)), tone, -1)
        cv2.rectangle(picture, (round(x + w * 0.72), round(top)), (round(x + w), round(base)), mix(tone, (60, 40, 90), 0.22), -1)
        if rng.uniform() < 0.6:
            roof = np.array([(x - w * 0.07, top), (x + w * 0.3, top - h * 0.3), (x + w * 0.75, top - h * 0.3), (x + w * 1.07, top)])
            cv2.fillPoly(picture, [roof.round().astype(np.int32)], mix(tone, (90, 40, 80), 0.4), cv2.LINE_AA)
        pane = height * 0.032
        for r in range(int(h / (pane * 2.2))):
            for c in range(int(w / (pane * 2.1))):
                px, py = x + pane * (0.7 + 2.1 * c), top + pane * (0.7 + 2.2 * r)
                glass = lamp if rng.uniform() < 0.35 else mix(tone, (70, 70, 130), 0.45)
                cv2.rectangle(picture, (round(px), round(py)), (round(px + pane), round(py + pane * 1.25)), glass, -1)
        x += w * rng.uniform(1.0, 1.15)


def _wires(picture: np.ndarray) -> None:
    height, width = picture.shape[:2]
    ink, thick = (74, 54, 88), max(1, height // 300)
    for pole in (0.09, 0.93):
        x = round(width * pole)
        cv2.line(picture, (x, round(height * 0.05)), (x, round(height * 0.75)), ink, max(1, height // 55), cv2.LINE_AA)
        for y in (0.09, 0.15):
            cv2.line(picture, (round(x - height * 0.07), round(height * y)), (round(x + height * 0.07), round(height * y)), ink, max(1, height // 110), cv2.LINE_AA)
    x = np.linspace(-0.2, 1.2, 60)
    for y, off in ((0.09, -0.06), (0.09, 0.06), (0.15, -0.05), (0.15, 0.05)):
        sag = y + 0.16 * ((x - 0.51) ** 2 * -1 + 0.176) + off * 0.3
        path = np.stack([x * width, np.abs(sag) * height], 1).round().astype(np.int32)
        cv2.polylines(picture, [path], False, ink, thick, cv2.LINE_AA)


def classroom(size: tuple[int, int], rng: Rng) -> np.ndarray:
    """A room with tall windows onto the sky, a blackboard and desks."""
    width, height = size
    picture = brush.wash(size, [(0, (196, 184, 160)), (0.8, (226, 212, 184)), (1, (206, 186, 156))])
    outside = meadow((max(8, round(width * 0.62)), max(8, round(height * 0.62))), rng)
    left, top, right, low = round(width * 0.36), round(height * 0.06), round(width * 0.98), round(height * 0.6)
    picture[top:low, left:right] = cv2.resize(outside, (right - left, low - top), interpolation=cv2.INTER_AREA)
    frame, bar = (168, 132, 104), max(2, height // 45)
    for x in np.linspace(left, right, 5).round().astype(int):
        cv2.line(picture, (int(x), top), (int(x), low), frame, bar)
        cv2.line(picture, (int(x) + bar // 2, top), (int(x) + bar // 2, low), mix(frame, (80, 50, 60), 0.4), max(1, bar // 4))
    for y in (top, round(top + (low - top) * 0.28), low):
        cv2.line(picture, (left - bar // 2, y), (right + bar // 2, y), frame, bar)
    for side in (left - 0.02 * width, right - 0.05 * width):
        for k in range(5):
            x = side + k * 0.014 * width
            tone = mix((244, 236, 214), (190, 170, 170), (k % 2) * 0.45)
            cloth = np.array([(x, top - 0.02 * height), (x + 0.016 * width, top - 0.02 * height), (x + 0.022 * width, low * 1.04), (x - 0.004 * width, low * 1.04)])
            cv2.fillPoly(picture, [cloth.round().astype(np.int32)], tone, cv2.LINE_AA)
    cv2.rectangle(picture, (round(width * -0.1), round(height * 0.14)), (round(width * 0.28), round(height * 0.52)), (150, 112, 84), -1)
    cv2.rectangle(picture, (round(width * -0.1), round(height * 0.16)), (round(width * 0.27), round(height * 0.5)), (58, 92, 80), -1)
    for i in range(5):
        y = round(height * (0.22 + 0.05 * i))
        cv2.line(picture, (round(width * 0.03), y), (round(width * rng.uniform(0.12, 0.22)), y), (130, 158, 146), max(1, height // 180), cv2.LINE_AA)
    floor = round(height * 0.76)
    picture[floor:] = brush.wash((width, height - floor), [(0, (182, 138, 98)), (1, (142, 100, 76))])
    cv2.line(picture, (0, floor), (width, floor), (120, 88, 70), max(1, height // 120), cv2.LINE_AA)
    light = np.zeros((height, width), np.uint8)
    for k in range(4):
        x = width * (0.34 + 0.16 * k)
        beam = np.array([(x, floor), (x + width * 0.1, floor), (x - width * 0.02, height), (x - width * 0.16, height)])
        cv2.fillPoly(light, [beam.round().astype(np.int32)], 70, cv2.LINE_AA)
    picture = brush.blend(picture, np.full_like(picture, 255), cv2.GaussianBlur(light, (0, 0), height / 150))
    for k in range(4):
        _desk(picture, width * (0.02 + 0.29 * k), height * 0.66, height * 0.26)
    return brush.texture(picture, rng, 6)


def _desk(picture: np.ndarray, x: float, y: float, size: float) -> None:
    leg, wood = (96, 100, 112), (206, 160, 108)
    for k in (0.06, 0.88):
        cv2.line(picture, (round(x + size * k), round(y)), (round(x + size * k), round(y + size * 0.8)), leg, max(1, round(size * 0.045)), cv2.LINE_AA)
    cv2.rectangle(picture, (round(x + size * 0.04), round(y)), (round(x + size * 0.9), round(y + size * 0.2)), (150, 116, 90), -1)
    top = np.array([(x - size * 0.06, y), (x + size, y), (x + size * 0.92, y - size * 0.12), (x + size * 0.02, y - size * 0.12)])
    cv2.fillPoly(picture, [top.round().astype(np.int32)], wood, cv2.LINE_AA)


def night(size: tuple[int, int], rng: Rng) -> np.ndarray:
    """Ruins under the moon, a stage for light."""
    width, height = size
    picture = brush.wash(size, [(0, (18, 20, 58)), (0.45, (44, 52, 112)), (0.75, (98, 92, 150)), (1, (98, 92, 150))])
    stars = np.stack([rng.uniform(0, width, 150), rng.uniform(0, height * 0.6, 150)], 1)
    brush.dabs(picture, stars, height * 0.0022, ((240, 244, 255), (190, 204, 246), (140, 150, 220)), rng, 1.0)
    moon, glow = (round(width * 0.78), round(height * 0.22)), np.zeros((height, width), np.uint8)
    cv2.circle(glow, moon, round(height * 0.2), 120, -1, cv2.LINE_AA)
    picture = brush.blend(picture, np.full_like(picture, (150, 160, 226)), cv2.GaussianBlur(glow, (0, 0), height / 11))
    cv2.circle(picture, moon, round(height * 0.085), (246, 244, 226), -1, cv2.LINE_AA)
    for x, y, r in ((-0.02, -0.02, 0.018), (0.03, 0.015, 0.012), (-0.01, 0.035, 0.01)):
        cv2.circle(picture, (round(moon[0] + x * height), round(moon[1] + y * height)), round(r * height), (226, 224, 212), -1, cv2.LINE_AA)
    for i in range(3):
        brush.cumulus(picture, width * (0.15 + 0.35 * i), height * rng.uniform(0.42, 0.6), height * rng.uniform(0.4, 0.7), rng, (122, 126, 190), (66, 68, 130))
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
        cv2.rectangle(picture, (round(x - half * 1.35), yy), (round(x + half * 1.35), round(yy + tall * 0.06)), (92, 94, 140), -1)


def park(size: tuple[int, int], rng: Rng) -> np.ndarray:
    """A path under blossoming trees."""
    width, height = size
    picture = brush.wash(size, [(0, (120, 184, 226)), (0.5, (222, 238, 244)), (1, (222, 238, 244))])
    for i in range(3):
        brush.cumulus(picture, width * (0.2 + 0.33 * i), height * rng.uniform(0.2, 0.35), height * rng.uniform(0.3, 0.5), rng, (255, 255, 255), (190, 212, 232))
    brush.hill(picture, brush.ridge(width, height * 0.5, height * 0.08, rng, 6), (126, 164, 160), (134, 178, 138))
    for x in np.arange(0.0, 1.01, 0.115):
        brush.tree(picture, width * (x + rng.uniform(-0.02, 0.02)), height * 0.66, height * rng.uniform(0.26, 0.36), rng, LEAVES)
    line = np.array([(0.0, height * 0.64), (float(width), height * 0.64)])
    brush.hill(picture, line, (150, 196, 110), (96, 152, 84))
    brush.grass(picture, line, rng, ((110, 164, 84), (142, 188, 94), (172, 208, 116)), 900)
    path = np.array([(0.0, 0.78), (1.0, 0.76), (1.0, 1.0), (0.0, 1.0)]) * (width, height)
    mask = np.zeros((height, width), np.uint8)
    cv2.fillPoly(mask, [path.round().astype(np.int32)], 255, cv2.LINE_AA)
    picture = brush.blend(picture, brush.wash(size, [(0.75, (226, 206, 180)), (1, (196, 168, 148))]), mask)
    for x in (0.04, 0.34, 0.68, 0.98):
        brush.tree(picture, width * (x + rng.uniform(-0.03, 0.03)), height * 0.77, height * rng.uniform(0.5, 0.62), rng, BLOSSOM)
    petals = np.stack([rng.uniform(0, width, 260), rng.uniform(height * 0.72, height, 260)], 1)
    brush.dabs(picture, petals, height * 0.006, ((250, 206, 214), (240, 180, 194), (255, 232, 234)), rng)
    return brush.texture(picture, rng)


PLACES: Mapping[str, Callable[[tuple[int, int], Rng], np.ndarray]] = {
    "meadow": meadow, "street": street, "classroom": classroom, "night": night, "park": park,
}
