"""Colour profiles of pictures, by what they do and never by their names: ICC by LittleCMS, and what PNG, AVIF
and EXIF say instead of one.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

import av
import numpy as np
from PIL import Image, ImageCms

from animelayers.sources import facts

_SRGB = ImageCms.createProfile("sRGB")
_GRID = np.stack(np.meshgrid(*[np.arange(0, 256, 51, dtype=np.uint8)] * 3), -1).reshape(1, -1, 3)
_NEAR = 1.5  # levels by which the corners of a profile may differ from sRGB, if it is sRGB

BT709 = (0.64, 0.33, 0.30, 0.60, 0.15, 0.06, 0.3127, 0.3290)
"""x and y of red, green, blue and white, ITU-R BT.709 and sRGB."""

ADOBE = (0.64, 0.33, 0.21, 0.71, 0.15, 0.06, 0.3127, 0.3290)
_GAMMA = 1 / 2.2

CODED: Mapping[int, str] = {1: "BT.709", 9: "BT.2020", 11: "DCI-P3", 12: "Display P3"}
PLACES: Mapping[int, tuple[float, ...]] = {
    9: (0.708, 0.292, 0.170, 0.797, 0.131, 0.046, 0.3127, 0.3290),
    11: (0.680, 0.320, 0.265, 0.690, 0.150, 0.060, 0.314, 0.351),
    12: (0.680, 0.320, 0.265, 0.690, 0.150, 0.060, 0.3127, 0.3290),
}
"""Wide primaries by their numbers in ITU-T H.273, as `BT709`."""

_PIECE = (64, 1024)
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])


def converted(picture: Image.Image, profile: bytes) -> tuple[Image.Image, list[str]]:
    """A picture through its ICC profile to sRGB with the perceptual intent, and a note; as it is where the
    profile does what sRGB does.
    """
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if picture.mode == "RGB":
            grid = ImageCms.profileToProfile(Image.fromarray(_GRID), source, _SRGB, outputMode="RGB")
            if grid is not None and np.abs(np.asarray(grid).astype(int) - _GRID).max() <= _NEAR:
                return picture, []
        name = " ".join(ImageCms.getProfileDescription(source).split())
        made = ImageCms.profileToProfile(picture, source, _SRGB, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError) as error:
        return picture, [f"colour profile ignored: {error}"]
    if (
        made is not None
        and picture.mode == "L"
        and np.abs(np.asarray(made)[..., 1].astype(int) - np.asarray(picture)).max() <= _NEAR
    ):
        return picture, []
    return made or picture, [f"profile {name!r} converted"]


def calibrated(
    pixels: np.ndarray, gamma: float | None, chromaticity: Sequence[float] | None
) -> tuple[np.ndarray, list[str]]:
    """uint8 RGB (H, W, 3) by a gamma and chromaticities as PNG's gAMA and cHRM give them to sRGB, and a note;
    both as they are where near sRGB.
    """
    gamma = gamma or _GAMMA
    places = (*chromaticity[2:], *chromaticity[:2]) if chromaticity and len(chromaticity) == 8 else BT709
    wide = max(abs(a - b) for a, b in zip(places, BT709, strict=True)) > 0.005
    if (not 0.1 < gamma <= 10) or (abs(gamma - _GAMMA) < 0.03 and not wide):
        return pixels, []
    levels = np.arange(256) / 255
    light = (levels ** (1 / gamma)) if abs(gamma - _GAMMA) >= 0.03 else _decoded(levels)
    if not wide:
        return (_encoded(light) * 255 + 0.5).astype(np.uint8)[pixels], [f"gamma {gamma:.4g} converted"]
    try:
        matrix = np.linalg.inv(_to_xyz(BT709)) @ _adapted(places[6:]) @ _to_xyz(places)
    except np.linalg.LinAlgError:
        return pixels, ["its chromaticities are no colour space: ignored"]
    mixed = np.clip(light.astype(np.float32)[pixels] @ matrix.T.astype(np.float32), 0, 1)
    return (_encoded(mixed) * 255 + 0.5).astype(np.uint8), ["gamma and primaries converted"]


def coded(pixels: np.ndarray, primaries: int, curve: int) -> tuple[np.ndarray, list[str], set[str]]:
    """uint8 RGB (H, W, 3) of primaries and a curve as ITU-T H.273 numbers them to sRGB, with notes and
    doubts; PQ and HLG are tone-mapped.
    """
    if curve not in facts.HDR:
        places = PLACES.get(primaries, BT709)
        made, said = calibrated(pixels, 1.0 if curve == 8 else None, (*places[6:], *places[:6]))
        return made, [f"{CODED.get(primaries, 'coded')} colours converted"] if said else [], set()
    # In pieces of one size: a map of colours is worked out for a size, and takes seconds.
    flat = np.zeros((-(-pixels.size // (3 * _PIECE[0] * _PIECE[1])), *_PIECE, 3), np.uint8)
    flat.reshape(-1)[: pixels.size] = pixels.reshape(-1)
    for piece in flat:
        frame = av.VideoFrame.from_ndarray(piece, format="rgb24")
        frame.color_primaries, frame.color_trc, frame.color_range = primaries, curve, 2
        target, notes, doubts = facts.colours(frame, "tone_map")
        piece[:] = facts.converted(frame, "rgb24", target)
    return flat.reshape(-1)[: pixels.size].reshape(pixels.shape), notes, doubts


def codes(head: bytes) -> tuple[int, int] | None:
    """Primaries and curve that a PNG (cICP) or an AVIF (colr) declares in its first bytes, None where it does
    not.
    """
    if head.startswith(b"\x89PNG"):
        at = head.find(b"cICP", 0, head.find(b"IDAT") if b"IDAT" in head else None)
        return (head[at + 4], head[at + 5]) if 0 < at < len(head) - 6 else None
    at = head.find(b"colrnclx")
    return (
        (int.from_bytes(head[at + 8 : at + 10], "big"), int.from_bytes(head[at + 10 : at + 12], "big"))
        if at > 0
        else None
    )


def view(light: np.ndarray) -> np.ndarray:
    """Linear light float (…) as sRGB uint8: 0..1 by sRGB's curve, what is brighter is 255, what is no number
    0.
    """
    shown: np.ndarray = (_encoded(np.clip(np.nan_to_num(light, posinf=1.0), 0, 1)) * 255 + 0.5).astype(
        np.uint8
    )
    return shown


def _encoded(light: np.ndarray) -> np.ndarray:
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * np.maximum(light, 1e-9) ** (1 / 2.4) - 0.055)


def _decoded(levels: np.ndarray) -> np.ndarray:
    return np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)


def _to_xyz(places: Sequence[float]) -> np.ndarray:
    """From linear RGB of these primaries to XYZ of their white, (3, 3)."""
    columns = np.array([_xyz(places[at], places[at + 1]) for at in (0, 2, 4)]).T
    made: np.ndarray = columns * np.linalg.solve(columns, _xyz(places[6], places[7]))
    return made


def _adapted(white: Sequence[float]) -> np.ndarray:
    """From XYZ of a white to XYZ of sRGB's, by Bradford's cone responses, (3, 3)."""
    scale = (_BRADFORD @ _xyz(BT709[6], BT709[7])) / (_BRADFORD @ _xyz(white[0], white[1]))
    made: np.ndarray = np.linalg.inv(_BRADFORD) @ np.diag(scale) @ _BRADFORD
    return made


def _xyz(x: float, y: float) -> np.ndarray:
    return np.array([x / y, 1.0, (1 - x - y) / y]) if y else np.array([x, 1.0, 0.0])
