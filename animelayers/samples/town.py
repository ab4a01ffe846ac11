"""Painted backgrounds with straight edges: a street, a room. uint8 (H, W, 3), drawn once per shot."""

from __future__ import annotations

import cv2
import numpy as np

from animelayers.samples import brush
from animelayers.samples.brush import Rng
from animelayers.samples.nature import meadow
from animelayers.samples.pen import Colour, mix


def street(size: tuple[int, int], rng: Rng) -> np.ndarray:
    """A town street at sunset, roofs and wires against the sky."""
    width, height = size
    picture = brush.wash(
        size,
        [
            (0, (96, 92, 168)),
            (0.3, (206, 134, 168)),
            (0.55, (252, 190, 140)),
            (0.7, (255, 226, 170)),
            (1, (255, 226, 170)),
        ],
    )
    for i in range(4):
        y, wide = height * rng.uniform(0.2, 0.42), height * rng.uniform(0.3, 0.6)
        brush.cumulus(picture, width * (0.12 + 0.26 * i), y, wide, rng, (255, 214, 180), (188, 116, 160))
    _houses(picture, rng, 0.62, 0.18, (176, 128, 158), (232, 180, 160))
    _houses(picture, rng, 0.72, 0.34, (122, 90, 132), (255, 216, 140))
    ground = round(height * 0.74)
    picture[ground:] = brush.wash((width, height - ground), [(0, (168, 128, 138)), (1, (108, 84, 112))])
    for i in range(-6, 12):
        x = width * (0.5 + (i - 2.5) * 0.1)
        cv2.line(
            picture,
            (round(x), ground),
            (round(x + (x - width / 2) * 2.2), height),
            (140, 104, 122),
            1,
            cv2.LINE_AA,
        )
    cv2.line(picture, (0, ground), (width, ground), (88, 66, 96), max(1, height // 200), cv2.LINE_AA)
    for y in (0.62, 0.67):
        cv2.line(
            picture,
            (0, round(height * y)),
            (width, round(height * y)),
            (92, 70, 100),
            max(1, height // 130),
            cv2.LINE_AA,
        )
    for x in np.arange(0.04, width / height, 0.16) * height:
        cv2.line(
            picture,
            (round(x), round(height * 0.6)),
            (round(x), ground),
            (92, 70, 100),
            max(1, height // 150),
            cv2.LINE_AA,
        )
    _wires(picture)
    return brush.texture(picture, rng, 8)


def _houses(picture: np.ndarray, rng: Rng, foot: float, high: float, wall: Colour, lamp: Colour) -> None:
    height, width = picture.shape[:2]
    x = -0.1 * height
    while x < width:
        w, h = height * rng.uniform(0.16, 0.34), height * high * rng.uniform(0.55, 1)
        top, base, tone = (
            height * foot - h,
            height * foot + height * 0.1,
            mix(wall, (60, 50, 90), rng.uniform(0, 0.25)),
        )
        cv2.rectangle(picture, (round(x), round(top)), (round(x + w), round(base)), tone, -1)
        cv2.rectangle(
            picture,
            (round(x + w * 0.72), round(top)),
            (round(x + w), round(base)),
            mix(tone, (60, 40, 90), 0.22),
            -1,
        )
        if rng.uniform() < 0.6:
            roof = np.array(
                [
                    (x - w * 0.07, top),
                    (x + w * 0.3, top - h * 0.3),
                    (x + w * 0.75, top - h * 0.3),
                    (x + w * 1.07, top),
                ]
            )
            cv2.fillPoly(picture, [roof.round().astype(np.int32)], mix(tone, (90, 40, 80), 0.4), cv2.LINE_AA)
        pane = height * 0.032
        for r in range(int(h / (pane * 2.2))):
            for c in range(int(w / (pane * 2.1))):
                px, py = x + pane * (0.7 + 2.1 * c), top + pane * (0.7 + 2.2 * r)
                glass = lamp if rng.uniform() < 0.35 else mix(tone, (70, 70, 130), 0.45)
                cv2.rectangle(
                    picture, (round(px), round(py)), (round(px + pane), round(py + pane * 1.25)), glass, -1
                )
        x += w * rng.uniform(1.0, 1.15)


def _wires(picture: np.ndarray) -> None:
    height, width = picture.shape[:2]
    ink, thick = (74, 54, 88), max(1, height // 300)
    for pole in (0.09, 0.93):
        x = round(width * pole)
        cv2.line(
            picture,
            (x, round(height * 0.05)),
            (x, round(height * 0.75)),
            ink,
            max(1, height // 55),
            cv2.LINE_AA,
        )
        for y in (0.09, 0.15):
            arm = round(height * 0.07)
            cv2.line(
                picture,
                (x - arm, round(height * y)),
                (x + arm, round(height * y)),
                ink,
                max(1, height // 110),
                cv2.LINE_AA,
            )
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
    left, top, right, low = (
        round(width * 0.36),
        round(height * 0.06),
        round(width * 0.98),
        round(height * 0.6),
    )
    picture[top:low, left:right] = cv2.resize(
        outside, (right - left, low - top), interpolation=cv2.INTER_AREA
    )
    frame, bar = (168, 132, 104), max(2, height // 45)
    for x in np.linspace(left, right, 5).round().astype(int):
        cv2.line(picture, (int(x), top), (int(x), low), frame, bar)
        cv2.line(
            picture,
            (int(x) + bar // 2, top),
            (int(x) + bar // 2, low),
            mix(frame, (80, 50, 60), 0.4),
            max(1, bar // 4),
        )
    for y in (top, round(top + (low - top) * 0.28), low):
        cv2.line(picture, (left - bar // 2, y), (right + bar // 2, y), frame, bar)
    for side in (left - 0.02 * width, right - 0.05 * width):
        for k in range(5):
            x = side + k * 0.014 * width
            tone = mix((244, 236, 214), (190, 170, 170), (k % 2) * 0.45)
            rail, hem = top - 0.02 * height, low * 1.04
            cloth = np.array(
                [(x, rail), (x + 0.016 * width, rail), (x + 0.022 * width, hem), (x - 0.004 * width, hem)]
            )
            cv2.fillPoly(picture, [cloth.round().astype(np.int32)], tone, cv2.LINE_AA)
    cv2.rectangle(
        picture,
        (round(width * -0.1), round(height * 0.14)),
        (round(width * 0.28), round(height * 0.52)),
        (150, 112, 84),
        -1,
    )
    cv2.rectangle(
        picture,
        (round(width * -0.1), round(height * 0.16)),
        (round(width * 0.27), round(height * 0.5)),
        (58, 92, 80),
        -1,
    )
    for i in range(5):
        y = round(height * (0.22 + 0.05 * i))
        cv2.line(
            picture,
            (round(width * 0.03), y),
            (round(width * rng.uniform(0.12, 0.22)), y),
            (130, 158, 146),
            max(1, height // 180),
            cv2.LINE_AA,
        )
    floor = round(height * 0.76)
    picture[floor:] = brush.wash((width, height - floor), [(0, (182, 138, 98)), (1, (142, 100, 76))])
    cv2.line(picture, (0, floor), (width, floor), (120, 88, 70), max(1, height // 120), cv2.LINE_AA)
    light = np.zeros((height, width), np.uint8)
    for k in range(4):
        x = width * (0.34 + 0.16 * k)
        beam = np.array(
            [(x, floor), (x + width * 0.1, floor), (x - width * 0.02, height), (x - width * 0.16, height)]
        )
        cv2.fillPoly(light, [beam.round().astype(np.int32)], 70, cv2.LINE_AA)
    picture = brush.blend(picture, np.full_like(picture, 255), cv2.GaussianBlur(light, (0, 0), height / 150))
    for k in range(4):
        _desk(picture, width * (0.02 + 0.29 * k), height * 0.66, height * 0.26)
    return brush.texture(picture, rng, 6)


def _desk(picture: np.ndarray, x: float, y: float, size: float) -> None:
    leg, wood = (96, 100, 112), (206, 160, 108)
    for k in (0.06, 0.88):
        at = round(x + size * k)
        cv2.line(
            picture,
            (at, round(y)),
            (at, round(y + size * 0.8)),
            leg,
            max(1, round(size * 0.045)),
            cv2.LINE_AA,
        )
    cv2.rectangle(
        picture,
        (round(x + size * 0.04), round(y)),
        (round(x + size * 0.9), round(y + size * 0.2)),
        (150, 116, 90),
        -1,
    )
    top = np.array(
        [
            (x - size * 0.06, y),
            (x + size, y),
            (x + size * 0.92, y - size * 0.12),
            (x + size * 0.02, y - size * 0.12),
        ]
    )
    cv2.fillPoly(picture, [top.round().astype(np.int32)], wood, cv2.LINE_AA)
