"""Any Pillow picture to upright, opaque sRGB of 8 bits, with a note of what had to be changed."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageCms, ImageOps

_SRGB = ImageCms.createProfile("sRGB")
_ORIENTATION = 0x0112


def srgb(picture: Image.Image, alpha_on: tuple[int, int, int]) -> tuple[np.ndarray, list[str]]:
    """The picture as uint8 sRGB (H, W, 3), and notes on what that took.

    In this order: EXIF orientation is applied, 16 bits become 8 (0..65535 to 0..255; floats 0..1 to 0..255), an ICC profile is
    converted to sRGB with the perceptual intent by LittleCMS, CMYK without a profile is (255 - ink) * (255 - black) / 255, and
    alpha, palette transparency included, is composed in sRGB values on the colour `alpha_on`.
    """
    notes = []
    # TIFF's own decoder turns the pixels while loading, so the tag must be read before.
    turn = picture.getexif().get(_ORIENTATION, 1)
    picture.load()
    profile = picture.info.get("icc_profile")
    if turn in range(2, 9):
        notes.append(f"orientation {turn} applied")
        picture = ImageOps.exif_transpose(picture)
    if picture.mode in ("I", "F") or picture.mode.startswith("I;16"):
        notes.append(f"{32 if picture.mode in 'IF' else 16} bits reduced to 8")
        picture = _eight_bits(picture)
    if picture.has_transparency_data and picture.mode not in ("RGBA", "LA"):
        picture = picture.convert("RGBA")
    alpha = picture.getchannel("A") if picture.mode in ("RGBA", "LA") else None
    picture = picture.convert({"LA": "L", "RGBA": "RGB", "P": "RGB", "1": "L"}.get(picture.mode, picture.mode))
    if profile:
        picture, said = _profiled(picture, profile)
        notes += said
    if picture.mode == "LAB":
        picture = ImageCms.profileToProfile(picture, ImageCms.createProfile("LAB"), _SRGB, outputMode="RGB") or picture
    if picture.mode not in ("RGB", "L"):
        notes.append(f"{picture.mode} converted")
    pixels = np.asarray(picture.convert("RGB"))
    if alpha is not None and alpha.getextrema() != (255, 255):
        notes.append("alpha composed on #{:02x}{:02x}{:02x}".format(*alpha_on))
        pixels = over(pixels, np.asarray(alpha), alpha_on)
    return pixels, notes


def over(pixels: np.ndarray, alpha: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
    """Straight uint8 (H, W, 3) `pixels` with `alpha` uint8 (H, W) composed on a flat colour, rounded to the nearest value."""
    cover = alpha[..., None].astype(np.uint16)
    return ((pixels * cover + np.array(colour, np.uint16) * (255 - cover) + 127) // 255).astype(np.uint8)


def upright(picture: Image.Image) -> tuple[int, int]:
    """Width and height of the picture once its orientation is applied; reads the header alone.

    A PNG may carry its orientation behind the pixels, where only decoding finds it.
    """
    if picture.format == "TIFF" or (picture.format == "PNG" and "exif" not in picture.info):
        return picture.size
    return picture.size[::-1] if picture.getexif().get(_ORIENTATION, 1) in range(5, 9) else picture.size


def _eight_bits(picture: Image.Image) -> Image.Image:
    values = np.asarray(picture).astype(np.float64)
    full = 1.0 if picture.mode == "F" else 65535.0
    return Image.fromarray(np.rint(np.clip(np.nan_to_num(values) / full, 0, 1) * 255).astype(np.uint8))


def _profiled(picture: Image.Image, profile: bytes) -> tuple[Image.Image, list[str]]:
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        name = " ".join(ImageCms.getProfileDescription(source).split())
        if "srgb" in name.lower() and picture.mode == "RGB":
            return picture, []
        converted = ImageCms.profileToProfile(picture, source, _SRGB, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError) as error:
        return picture, [f"colour profile ignored: {error}"]
    return converted or picture, [f"profile {name!r} converted"]
