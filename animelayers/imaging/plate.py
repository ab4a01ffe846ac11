"""The clean plate: what a shot shows behind its characters, gathered from all the frames that show it.

A background is painted once, so at a pixel of the plate the frames that show it agree, while what crosses it
looks different from frame to frame. Each pixel is therefore given to the look that most frames share, not to
a median, which mixes looks where few frames show the background. A look that the mattes mostly call a
character is none, however often it is seen: a figure that stands still leaves no plate behind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import cv2
import numpy as np

from animelayers.imaging.channels import apart
from animelayers.imaging.looks import NOBODY, look, noise_of, slack, vote
from animelayers.imaging.photometric import EQUAL, Light, match
from animelayers.imaging.views import View, view

_WORK = 360  # pixels of the frame's short side at which looks are compared
_GLANCE = 90  # the same for light
# share of the local contrast that a pixel may be off there, of frames as they are and of resampled ones
_LOOSE, _LOOSER = 0.15, 0.35
_SHARED = 0.2  # share of a frame that light is told from
_FINE = 1.5  # times the tolerance at full size, where noise is not averaged


class Plate(NamedTuple):
    """What a shot shows most.

    ``picture``: uint8 sRGB (P, Q, 3), the look most frames share, whoever it belongs to. ``seen``: uint8 (P,
    Q), 255 where that is background, 0 where a character never leaves or no frame looks. ``lights``: of each
    frame against the picture. ``trust``: share of what the frames show outside characters that the picture
    explains, 0..1; low for water, crowds, parallax; 0 where no two frames can be compared.
    """

    picture: np.ndarray
    seen: np.ndarray
    lights: list[Light]
    trust: float


def clean_plate(
    frames: Sequence[np.ndarray],
    alphas: Sequence[np.ndarray],
    cameras: Sequence[np.ndarray],
    canvas: tuple[int, int],
) -> Plate:
    """The plate of one shot from N frames, uint8 sRGB (H, W, 3) of one size; of more than 255 as many, evenly
    spread, are asked.

    ``alphas``: uint8 (H, W), what is character (128 all over where nobody looked). ``cameras``: (3, 3), frame
    to plate. ``canvas``: width and height of the plate. Raises ValueError where there is no frame or the
    numbers differ.
    """
    if not 0 < len(frames) == len(alphas) == len(cameras):
        raise ValueError(f"{len(frames)} frames, {len(alphas)} alphas and {len(cameras)} cameras")
    lights = lights_of(frames, cameras, canvas)
    size: tuple[int, int] = frames[0].shape[1::-1]
    usable = [i for i, light in enumerate(lights) if light.usable]
    asked = usable[:: -(-len(usable) // NOBODY) or 1]
    frames, alphas, cameras = ([given[i] for i in asked] for given in (frames, alphas, cameras))
    own = [lights[i] for i in asked]
    scale = min(1.0, _WORK / min(size))
    looks = {
        i: look(frames[i], alphas[i], view(cameras[i], size, canvas, scale), own[i])
        for i in range(len(asked))
    }
    noise = noise_of(list(looks.values()))
    won = vote(looks, (max(1, round(canvas[1] * scale)), max(1, round(canvas[0] * scale))), noise)
    clear = {i: each.clear for i, each in looks.items()}
    del looks
    views = {i: view(cameras[i], size, canvas) for i in range(len(asked))}
    start = _chosen(frames, own, views, cv2.resize(won.choice, canvas, interpolation=cv2.INTER_NEAREST))
    seen = cv2.resize(won.seen, canvas, interpolation=cv2.INTER_NEAREST)
    tolerance = slack(
        start, _FINE * noise, _LOOSE if all(v.matrix is None for v in views.values()) else _LOOSER
    )
    total, count = np.zeros(start.shape, np.float32), np.zeros(seen.shape, np.float32)
    for i, registration in views.items():
        where, reach = registration.window, registration.reach()
        picture = registration.onto(own[i].lift(frames[i]))
        away = apart(picture, start[where])
        same = cv2.bitwise_and(cv2.compare(away, tolerance[where], cv2.CMP_LE), reach)
        # The soft rim of a figure is near enough to count and would darken the mean.
        beside = cv2.resize(clear[i], same.shape[::-1], interpolation=cv2.INTER_NEAREST) == 0
        same[beside & (seen[where] > 0)] = 0
        cv2.accumulate(picture, total[where], same)
        cv2.accumulate(cv2.threshold(same, 0, 1, cv2.THRESH_BINARY)[1], count[where])
    found = count > 0
    mean = np.rint(total / np.maximum(count, 1)[..., None]).astype(np.uint8)
    seen[~found] = 0
    picture = np.where(found[..., None], mean, start)
    return Plate(picture, seen, lights, won.trust)


def _chosen(
    frames: Sequence[np.ndarray], lights: Sequence[Light], views: Mapping[int, View], choice: np.ndarray
) -> np.ndarray:
    """The picture that takes each pixel from the frame chosen there."""
    picture = np.zeros((*choice.shape, 3), np.uint8)
    for i in np.unique(choice[choice != NOBODY]).tolist():
        where = views[i].window
        taken = cv2.inRange(choice[where], i, i)
        picture[where] = cv2.copyTo(views[i].onto(lights[i].lift(frames[i])), taken, picture[where].copy())
    return picture


def lifted(frames: Sequence[np.ndarray], lights: Sequence[Light], dark: float) -> list[np.ndarray]:
    """Frames uint8 (H, W, 3) in the light their `lights` are measured against; one whose light has a gain below
    `dark` in some channel stays as it is, since little can be read out of it.
    """
    return [
        light.lift(frame) if light.gain.min() >= dark else frame
        for frame, light in zip(frames, lights, strict=True)
    ]


def lights_of(
    frames: Sequence[np.ndarray], cameras: Sequence[np.ndarray], canvas: tuple[int, int]
) -> list[Light]:
    """The light of each frame of a shot, uint8 (H, W, 3), against that with the most contrast: fades, flashes, days
    that break.

    ``cameras``: (3, 3), frame to plate; ``canvas``: width and height of the plate. Matched outwards from that
    frame over what was laid down before; equal light for what shows too little of it.
    """
    size: tuple[int, int] = frames[0].shape[1::-1]
    scale = min(1.0, _GLANCE / min(size))
    views = [view(c, size, canvas, scale) for c in cameras]
    glances = [
        cv2.resize(f, v.size, interpolation=cv2.INTER_AREA) for f, v in zip(frames, views, strict=True)
    ]
    first = int(np.argmax([float(g.std()) for g in glances]))
    height, width = (max(1, round(n * scale)) for n in canvas[::-1])
    laid, known = np.zeros((height, width, 3), np.uint8), np.zeros((height, width), np.uint8)
    lights = [EQUAL] * len(frames)
    order = sorted(range(len(frames)), key=lambda i: abs(i - first))
    for i in order:
        where, reach, glance = views[i].window, views[i].reach(), views[i].onto(glances[i])
        both = (reach > 0) & (known[where] > 0)
        if i != first and both.mean() > _SHARED:
            lights[i] = match(glance, laid[where], both)
        new = (reach > 0) & (known[where] == 0)
        if lights[i].usable:
            laid[where][new] = lights[i].lift(glance)[new]
            known[where][new] = 255
    return lights
