"""Still pictures and animations: header first, then pixels, by content and not by suffix."""

from __future__ import annotations

import io
import warnings
import zipfile
from collections.abc import Iterator
from typing import IO

import simplejpeg
from PIL import Image, ImageFile, ImageSequence, UnidentifiedImageError

from animelayers.sources import deep, profiles, strict
from animelayers.sources.asked import Asked
from animelayers.sources.colour import plain, srgb
from animelayers.sources.content import HEAD, drawing, targa
from animelayers.sources.seen import Seen

FORMATS = (
    "PNG",
    "JPEG",
    "WEBP",
    "BMP",
    "DIB",
    "TIFF",
    "AVIF",
    "GIF",
    "JPEG2000",
    "PSD",
    "PPM",
    "PCX",
    "SGI",
    "QOI",
    "DDS",
    "SUN",
)
"""Pillow's decoders that may be tried, and no others; Targa, which has no mark of its own, where its header
makes sense.
"""

MAX_FRAMES = 100_000
"""Frames of one animation; at more than an hour of film somebody is testing us."""

FAST, SLOW = 10.0, 100.0
"""Milliseconds: a delay of no more than the first counts as the second, as in all browsers."""

_REDUCED = 254  # TIFF tag NewSubfileType: bit 0 marks a thumbnail
_MERGED = "mergedimage.png"  # the whole picture within OpenRaster and Krita
_HEADERS = 1 << 16  # bytes in which a PNG or an AVIF declares its colours


class TooLargeError(ValueError):
    """The header promises more pixels than `max_pixels`, or more frames than `MAX_FRAMES`."""


def header(file: IO[bytes], max_pixels: int) -> Image.Image:
    """The picture with its header read and nothing decoded; of a layered drawing the merged one.

    Raises TooLargeError from the header alone, and ValueError for anything that is not a picture of a known
    kind.
    """
    Image.MAX_IMAGE_PIXELS = max_pixels
    start = file.tell()
    head = file.read(HEAD)
    file.seek(start)
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            picture = Image.open(
                _merged(file) if drawing(head) else file, formats=("TGA",) if targa(head) else FORMATS
            )
        except (Image.DecompressionBombError, Image.DecompressionBombWarning):
            raise TooLargeError(
                f"the header promises more than source.max_pixels = {max_pixels} pixels"
            ) from None
        except UnidentifiedImageError:
            raise ValueError(f"is not a picture of a known kind ({', '.join(FORMATS)})") from None
    _affordable(*picture.size, max_pixels)
    return picture


def moves(picture: Image.Image) -> bool:
    """Whether it is an animation or a TIFF of several pages; stereo pairs of a camera (MPO) and layers of a
    drawing are a still.
    """
    return picture.format not in ("MPO", "PSD") and bool(getattr(picture, "is_animated", False))


def still(file: IO[bytes], asked: Asked) -> Seen:
    """The picture as it is meant to be seen. Raises what Pillow raises for a damaged file; see
    `Asked.damaged` for a lenient reading.
    """
    start = file.tell()
    if (form := deep.form(file)) or deep.floats(file):
        return deep.picture(file, form, asked)
    picture = header(file, asked.max_pixels)
    data, doubtful = b"", ""
    if picture.format == "JPEG":
        file.seek(start)
        data = file.read()
        try:
            # The same libjpeg-turbo, the same pixels (tested), 1.8 times as fast: 66 against 119 ms for 2267
            # x 3206.
            if plain(picture):
                return Seen(simplejpeg.decode_jpeg(data, "RGB"))
        except ValueError as error:  # it is strict about warnings; Pillow has the last word
            doubtful = str(error)
        picture = header(io.BytesIO(data), asked.max_pixels)
        doubtful = doubtful or strict.jpeg(data)
    elif picture.format == "WEBP":
        doubtful = strict.riff(file)
    seen = _decoded(
        picture, asked, _codes(file, start, picture), doubtful, strict.share(data) if data else ""
    )
    file.seek(start)
    kind = "PSD" if picture.format == "PSD" else drawing(file.read(HEAD))
    if not kind or asked.alpha == "compose":
        return seen
    # of pictures without layers nobody pays for their readers
    from animelayers.sources.drawn import with_layers

    file.seek(start)
    return with_layers(seen, file, kind, asked)


def animation(file: IO[bytes], asked: Asked) -> Iterator[tuple[Seen, float]]:
    """Each frame as it is meant to be seen, and the second it appears (NaN for TIFF pages, which have no
    time).

    A delay of 10 ms and less, 0 among them, counts as 0.1 s, as in browsers. The still picture some APNGs
    carry for old viewers, and reduced copies inside a TIFF, are not frames. Raises what Pillow raises where
    the file is damaged.
    """
    start = file.tell()
    picture = header(file, asked.max_pixels)
    codes = _codes(file, start, picture)
    clock = 0.0
    for place, frame in enumerate(ImageSequence.Iterator(picture)):
        if place >= MAX_FRAMES:
            raise TooLargeError(f"more than {MAX_FRAMES} frames")
        if frame.width * frame.height > asked.max_pixels:
            raise TooLargeError(
                f"page {place}: {frame.size} pixels are more than source.max_pixels = {asked.max_pixels}"
            )
        tags = getattr(frame, "tag_v2", {})
        if (place == 0 and frame.info.get("default_image")) or tags.get(_REDUCED, 0) & 1:
            continue
        seen = srgb(frame.copy() if picture.format == "TIFF" else frame, asked.alpha_on, codes)
        yield seen, float("nan") if picture.format == "TIFF" else clock
        delay = frame.info.get("duration") or 0.0
        clock += (delay if delay > FAST else SLOW) / 1000.0


def _decoded(
    picture: Image.Image, asked: Asked, codes: tuple[int, int] | None, doubtful: str, share: str
) -> Seen:
    """A picture in which a strict decoder found something `doubtful`, or nothing, read as `asked.damaged` has
    it.
    """
    if doubtful and asked.damaged == "error":
        raise ValueError(f"is damaged: {doubtful}; {share or 'how much of it is sound is not known'}")
    ImageFile.LOAD_TRUNCATED_IMAGES = asked.damaged == "keep"
    try:
        seen = srgb(picture, asked.alpha_on, codes)
    except OSError as error:
        raise OSError(0, f"{error}; {share or 'source.damaged=keep takes what is there'}") from error
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = False
    if picture.format == "MPO":
        seen = seen.doubting(note="one of a stereo pair or burst: the first is taken")
    if not doubtful:
        return seen
    return seen.doubting(
        "damaged", note=f"damaged: {doubtful}; {share or 'how much of it is sound is not known'}"
    )


def _codes(file: IO[bytes], start: int, picture: Image.Image) -> tuple[int, int] | None:
    """Primaries and curve that the file declares as numbers, where these are not sRGB's or undeclared."""
    if picture.format not in ("PNG", "AVIF") or picture.info.get("icc_profile"):
        return None
    place = file.tell()
    file.seek(start)
    found = profiles.codes(file.read(_HEADERS))
    file.seek(place)
    return found if found and (found[0] not in (1, 2, 5, 6) or found[1] in (8, 16, 18)) else None


def _merged(file: IO[bytes]) -> IO[bytes]:
    """The merged picture of an OpenRaster or Krita file. Raises ValueError where there is none."""
    try:
        with zipfile.ZipFile(file) as parts:
            return io.BytesIO(parts.read(_MERGED))
    except (KeyError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise ValueError(f"is a layered drawing without its merged picture: {error}") from None


def _affordable(width: int, height: int, max_pixels: int) -> None:
    if width * height > max_pixels:
        raise TooLargeError(f"{width} x {height} pixels are more than source.max_pixels = {max_pixels}")
