"""Any Pillow picture to upright, opaque sRGB of 8 bits, with its alpha and a note of what had to be changed."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageCms, ImageOps

from animelayers.sources import profiles
from animelayers.sources.seen import Seen, over

_ORIENTATION, _INTEROPERABILITY = 0x0112, 0xA005
_UNEQUAL = 0.01  # of the densities along and across from which pixels are not square


def srgb(picture: Image.Image, alpha_on: tuple[int, int, int], codes: tuple[int, int] | None = None) -> Seen:
    """The picture as it is meant to be seen.

    In this order: EXIF orientation is applied, 16 bits become 8 (0..65535 to 0..255; floats 0..1 to 0..255),
    an ICC profile is converted to sRGB with the perceptual intent by LittleCMS, and without one the `codes`
    of primaries and curve, or what PNG or EXIF say of gamma and primaries; CMYK without a profile is (255 -
    ink) * (255 - black) / 255; and alpha, palette transparency included, is composed in sRGB values on the
    colour `alpha_on`.
    """
    notes, doubts = [], set[str]()
    # TIFF's own decoder turns the pixels while loading, so the tag must be read before.
    exif = picture.getexif()
    turn = exif.get(_ORIENTATION, 1)
    picture.load()
    profile = picture.info.get("icc_profile")
    told = (
        (picture.info.get("gamma"), picture.info.get("chromaticity"))
        if "srgb" not in picture.info
        else (None, None)
    )
    adobe = not profile and bool(exif) and exif.get_ifd(_INTEROPERABILITY).get(1) == "R03"
    if unequal := _densities(picture):
        notes.append(f"pixels of {unequal} declared: taken as square")
        doubts.add("guessed_aspect")
    if turn in range(2, 9):
        notes.append(f"orientation {turn} applied")
        picture = ImageOps.exif_transpose(picture)
    if picture.mode in ("I", "F") or picture.mode.startswith("I;16"):
        notes.append(f"{32 if picture.mode in 'IF' else 16} bits reduced to 8")
        picture = _eight_bits(picture)
    if picture.has_transparency_data and picture.mode not in ("RGBA", "LA"):
        picture = picture.convert("RGBA")
    alpha = picture.getchannel("A") if picture.mode in ("RGBA", "LA") else None
    picture = picture.convert(
        {"LA": "L", "RGBA": "RGB", "P": "RGB", "1": "L"}.get(picture.mode, picture.mode)
    )
    if profile:
        picture, said = profiles.converted(picture, profile)
        notes += said
    if picture.mode == "LAB":
        picture = (
            ImageCms.profileToProfile(
                picture, ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), outputMode="RGB"
            )
            or picture
        )
    if picture.mode not in ("RGB", "L"):
        notes.append(f"{picture.mode} converted")
    pixels = np.asarray(picture.convert("RGB"))
    if not profile and codes:
        pixels, said, doubtful = profiles.coded(pixels, *codes)
        notes, doubts = notes + said, doubts | doubtful
    elif adobe:
        pixels, said = profiles.calibrated(pixels, 1 / 2.19921875, (*profiles.ADOBE[6:], *profiles.ADOBE[:6]))
        notes += ["Adobe RGB by its EXIF"] if said else []
    elif not profile and any(told):
        pixels, said = profiles.calibrated(pixels, *told)
        notes += said
    own = None
    if alpha is not None and alpha.getextrema() != (255, 255):
        notes.append("alpha composed on #{:02x}{:02x}{:02x}".format(*alpha_on))
        own = np.asarray(alpha)
        pixels = over(pixels, own, alpha_on)
    return Seen(pixels, own, tuple(notes), frozenset(doubts))


def plain(picture: Image.Image) -> bool:
    """Whether a picture needs nothing but decoding: RGB of 8 bits, upright, without a profile or another word
    on its colours.
    """
    if picture.mode != "RGB" or "icc_profile" in picture.info or _densities(picture):
        return False
    exif = picture.getexif()
    return not exif or (exif.get(_ORIENTATION, 1) == 1 and exif.get_ifd(_INTEROPERABILITY).get(1) != "R03")


def upright(picture: Image.Image) -> tuple[int, int]:
    """Width and height of the picture once its orientation is applied; reads the header alone.

    A PNG may carry its orientation behind the pixels, where only decoding finds it.
    """
    if picture.format == "TIFF" or (picture.format == "PNG" and "exif" not in picture.info):
        return picture.size
    return picture.size[::-1] if picture.getexif().get(_ORIENTATION, 1) in range(5, 9) else picture.size


def _densities(picture: Image.Image) -> str:
    """The shape of a pixel as two densities tell it, '' for a square one."""
    across, along = (
        picture.info.get("jfif_density") or picture.info.get("dpi") or picture.info.get("aspect") or (1, 1)
    )
    across, along = float(across), float(along)
    if min(across, along) <= 0 or abs(across - along) <= _UNEQUAL * max(across, along):
        return ""
    return f"{along:g}:{across:g}"


def _eight_bits(picture: Image.Image) -> Image.Image:
    values = np.asarray(picture).astype(np.float64)
    full = 1.0 if picture.mode == "F" else 65535.0
    return Image.fromarray(np.rint(np.clip(np.nan_to_num(values) / full, 0, 1) * 255).astype(np.uint8))
