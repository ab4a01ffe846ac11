"""Still pictures and animations: header first, then pixels, by content and not by suffix."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import IO

import numpy as np
import simplejpeg
from PIL import Image, ImageSequence, UnidentifiedImageError

from animelayers.sources.colour import srgb

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "DIB", "TIFF", "AVIF", "GIF")
"""Decoders that may be tried: those of the suffixes listed, and no others."""

MAX_FRAMES = 100_000
"""Frames of one animation; at more than an hour of film somebody is testing us."""

_REDUCED = 254  # TIFF tag NewSubfileType: bit 0 marks a thumbnail


class TooLargeError(ValueError):
    """The header promises more pixels than `max_pixels`, or more frames than `MAX_FRAMES`."""


def header(file: IO[bytes], max_pixels: int) -> Image.Image:
    """The picture with its header read and nothing decoded.

    Raises TooLargeError from the header alone, and ValueError for anything that is not a picture of a known kind.
    """
    Image.MAX_IMAGE_PIXELS = max_pixels
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            picture = Image.open(file, formats=FORMATS)
        except (Image.DecompressionBombError, Image.DecompressionBombWarning):
            raise TooLargeError(f"the header promises more than source.max_pixels = {max_pixels} pixels") from None
        except UnidentifiedImageError:
            raise ValueError(f"is not a picture of a known kind ({', '.join(FORMATS)})") from None
    width, height = picture.size
    if width * height > max_pixels:
        raise TooLargeError(f"{width} x {height} pixels are more than source.max_pixels = {max_pixels}")
    return picture


def moves(picture: Image.Image) -> bool:
    """Whether it is an animation or a TIFF of several pages; stereo pairs of a camera (MPO) are a still."""
    return picture.format != "MPO" and bool(getattr(picture, "is_animated", False))


def still(file: IO[bytes], max_pixels: int, alpha_on: tuple[int, int, int]) -> tuple[np.ndarray, str]:
    """The picture as uint8 sRGB (H, W, 3) and a note of what was converted. Raises what Pillow raises for a damaged file."""
    picture = header(file, max_pixels)
    plain = picture.format == "JPEG" and picture.mode == "RGB" and "icc_profile" not in picture.info
    if plain and picture.getexif().get(0x0112, 1) == 1:
        # The same libjpeg-turbo, the same pixels (tested), 1.8 times as fast: 66 against 119 ms for 2267 x 3206.
        file.seek(0)
        try:
            return simplejpeg.decode_jpeg(file.read(), "RGB"), ""
        except ValueError:  # it is strict about warnings; Pillow has the last word
            file.seek(0)
            picture = header(file, max_pixels)
    pixels, notes = srgb(picture, alpha_on)
    return pixels, "; ".join(notes)


def animation(file: IO[bytes], max_pixels: int, alpha_on: tuple[int, int, int]) -> Iterator[tuple[np.ndarray, float, str]]:
    """Each frame as uint8 sRGB (H, W, 3), the second it appears (NaN for TIFF pages, which have no time), and a note.

    A delay of 0 counts as 0.1 s, as in browsers. The still picture some APNGs carry for old viewers, and reduced copies
    inside a TIFF, are not frames. Raises what Pillow raises where the file is damaged.
    """
    picture = header(file, max_pixels)
    clock = 0.0
    for place, frame in enumerate(ImageSequence.Iterator(picture)):
        if place >= MAX_FRAMES:
            raise TooLargeError(f"more than {MAX_FRAMES} frames")
        if frame.width * frame.height > max_pixels:
            raise TooLargeError(f"page {place}: {frame.size} pixels are more than source.max_pixels = {max_pixels}")
        tags = getattr(frame, "tag_v2", {})
        if (place == 0 and frame.info.get("default_image")) or tags.get(_REDUCED, 0) & 1:
            continue
        pixels, notes = srgb(frame.copy() if picture.format == "TIFF" else frame, alpha_on)
        yield pixels, float("nan") if picture.format == "TIFF" else clock, "; ".join(notes)
        clock += (frame.info.get("duration") or 100.0) / 1000.0
