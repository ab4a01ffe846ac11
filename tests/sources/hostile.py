"""A folder of hostile inputs, and what each must become: so many frames, and an error of a given type or
none.
"""

from __future__ import annotations

import os
import socket
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, PngImagePlugin

from tests.sources import films


@dataclass(frozen=True)
class Expected:
    """What becomes of one input: frames that come out, and whether there is an error row, and of which types."""

    frames: int
    errors: tuple[str, ...] = ()
    approximate: bool = False  # a damaged film may give fewer frames, but at least one


def picture(width: int = 48, height: int = 32) -> Image.Image:
    """Four coloured quarters: no two orientations alike."""
    pixels = np.empty((height, width, 3), np.uint8)
    pixels[: height // 2, : width // 2] = (200, 30, 40)
    pixels[: height // 2, width // 2 :] = (30, 180, 60)
    pixels[height // 2 :, : width // 2] = (40, 60, 220)
    pixels[height // 2 :, width // 2 :] = (230, 220, 40)
    return Image.fromarray(pixels)


def chunk(kind: bytes, data: bytes) -> bytes:
    """A PNG chunk."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, *chunks: bytes, promised: int = 0) -> bytes:
    """A 1-bit PNG of any size whose pixels are one compressed run of zeros; its header may promise another
    size.
    """
    head = struct.pack(">IIBBBBB", promised or width, promised or height, 1, 0, 0, 0, 0)
    rows = zlib.compressobj()
    line = bytes(1 + (width + 7) // 8)
    data = b"".join(rows.compress(line) for _ in range(height)) + rows.flush()
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + b"".join(chunks)
        + chunk(b"IDAT", data)
        + chunk(b"IEND", b"")
    )


def write(folder: Path, outside: Path) -> dict[str, Expected]:
    """Fill `folder` (and `outside`, where links lead) and say for each source, as text, what must become of
    it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    outside.mkdir(parents=True, exist_ok=True)
    return (
        _pictures(folder) | _animations(folder) | _names(folder) | _films(folder) | _places(folder, outside)
    )


def _pictures(folder: Path) -> dict[str, Expected]:
    good = picture()
    good.save(folder / "good.png")
    good.save(folder / "good.jpg", quality=95)
    whole, jpeg = (folder / "good.png").read_bytes(), (folder / "good.jpg").read_bytes()
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (200, 200, 3), np.uint8))
    noise.save(folder / "noise.png")
    noise.save(folder / "noise.jpg")
    noise.save(folder / "noise.webp", lossless=True)
    for name in ("noise.png", "noise.jpg", "noise.webp"):
        data = (folder / name).read_bytes()
        (folder / f"truncated_{name}").write_bytes(data[: len(data) * 6 // 10])
        (folder / name).unlink()
    (folder / "flipped.png").write_bytes(whole[:60] + bytes([whole[60] ^ 0xFF]) + whole[61:])
    (folder / "empty.png").write_bytes(b"")
    (folder / "text.jpg").write_text("this is not a picture\n" * 40)
    (folder / "zeros.webp").write_bytes(bytes(4096))
    (folder / "html.gif").write_text("<html><body>404</body></html>")
    (folder / "png_named.jpg").write_bytes(whole)
    (folder / "jpeg_named.mp4").write_bytes(jpeg)
    (folder / "notes.txt").write_text("ignored")
    (folder / "bomb.png").write_bytes(png(30_000, 30_000))
    (folder / "promises.png").write_bytes(png(1, 1, promised=60_000))
    (folder / "textbomb.png").write_bytes(
        png(8, 8, chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(80_000_000), 9)))
    )
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "x" * 100_000)
    good.save(folder / "long_text.png", pnginfo=info)
    Image.new("RGB", (1, 1), "red").save(folder / "one_pixel.png")
    Image.new("RGB", (1, 3000), "red").save(folder / "sliver.png")
    Image.new("L", (10_000, 16), 90).save(folder / "wide.png")
    good.convert("CMYK").save(folder / "cmyk.jpg")
    Image.fromarray(np.linspace(0, 65535, 32 * 48).reshape(32, 48).astype(np.uint16)).save(
        folder / "sixteen.png"
    )
    good.convert("P").save(folder / "palette.png", transparency=0)
    good.convert("LA").save(folder / "grey_alpha.png")
    good.convert("RGBA").save(folder / "alpha.webp", lossless=True)
    good.save(folder / "bad_profile.png", icc_profile=b"this is not a profile" * 10)
    exif = Image.Exif()
    exif[0x0112] = 99
    good.save(folder / "odd_orientation.jpg", exif=exif)
    (folder / "broken_exif.jpg").write_bytes(
        jpeg[:2] + b"\xff\xe1\x00\x10Exif\0\0II*\0\xff\xff\xff\xff" + jpeg[2:]
    )
    bad = Expected(0, ("OSError", "ValueError", "SyntaxError", "EOFError", "TooLargeError"))
    large = Expected(0, ("TooLargeError",))
    fine = Expected(1)
    return {
        **dict.fromkeys(
            ["good.png", "good.jpg", "png_named.jpg", "jpeg_named.mp4", "long_text.png", "one_pixel.png"],
            fine,
        ),
        **dict.fromkeys(
            ["sliver.png", "wide.png", "cmyk.jpg", "sixteen.png", "palette.png", "grey_alpha.png"], fine
        ),
        **dict.fromkeys(["alpha.webp", "bad_profile.png", "odd_orientation.jpg", "broken_exif.jpg"], fine),
        **dict.fromkeys(
            ["truncated_noise.png", "truncated_noise.jpg", "truncated_noise.webp", "flipped.png"], bad
        ),
        **dict.fromkeys(["empty.png", "text.jpg", "zeros.webp", "html.gif", "textbomb.png"], bad),
        **dict.fromkeys(["bomb.png", "promises.png"], large),
    }


def _animations(folder: Path) -> dict[str, Expected]:
    frames = [Image.fromarray(films.pattern(place)) for place in range(3)]
    for name in ("three.gif", "three.webp", "three.png", "three.tif"):
        frames[0].save(
            folder / name, save_all=True, append_images=frames[1:], duration=[100, 200, 300], loop=0
        )
    frames[0].save(folder / "sizes.tif", save_all=True, append_images=[frames[1].resize((32, 32)), frames[2]])
    data = (folder / "three.gif").read_bytes()
    (folder / "truncated.gif").write_bytes(data[: len(data) * 9 // 10])
    cut = Expected(3, ("ValueError",), approximate=True)
    return dict.fromkeys(["three.gif", "three.webp", "three.png", "three.tif", "sizes.tif"], Expected(3)) | {
        "truncated.gif": cut
    }


def _names(folder: Path) -> dict[str, Expected]:
    (folder / "sub").mkdir()
    (folder / "episode_001").mkdir()
    names = [
        "a.jpg",
        "a.png",
        "A.jpg",
        "sub/a.jpg",
        "-rf.png",
        "two..dots.tar.png",
        "new\nline.png",
        "絵コンテ 第1話.png",
    ]
    names += [
        "\N{CAT FACE}.webp",
        "back\\slash.png",
        "x" * 241 + ".png",
        "episode_001/scene0001_frame000010_t0.42s.jpg",
    ]
    names += [
        "episode_001/scene0001_frame000011_t0.46s.jpg",
        "episode_001/scene0002_frame000012.jpg",
        "episode_001/scene0002_frame000012.png",
    ]
    data = (folder / "good.png").read_bytes()
    for name in names:
        (folder / name).write_bytes(data)
    with open(os.path.join(os.fsencode(folder), b"latin\xe9.png"), "wb") as file:
        file.write(data)
    return dict.fromkeys([*names, "latin\\xe9.png"], Expected(1))


def _films(folder: Path) -> dict[str, Expected]:
    pictures = [films.pattern(place) for place in range(24)]
    films.write(folder / "film.mp4", pictures)
    films.write(folder / "fast.mp4", pictures, faststart=True)
    films.write(folder / "film.mkv", pictures, g="6")
    films.write(folder / "odd.mkv", [films.pattern(place, 63, 47) for place in range(4)], pixels="yuv444p")
    films.write(folder / "ten_bits.mkv", pictures[:4], pixels="yuv422p10le")
    films.write(folder / "variable.mkv", pictures[:4], pts=[0, 40, 500, 560])
    films.write(folder / "old.mpg", pictures[:8], codec="mpeg2video", pixels="yuv420p")
    films.write(folder / "old.avi", pictures[:8], codec="mpeg4")
    films.write(folder / "turned.mp4", pictures[:4])
    films.rotated(folder / "turned.mp4", 1)
    films.audio(folder / "sound.mp4")
    data = (folder / "film.mp4").read_bytes()
    (folder / "no_index.mp4").write_bytes(data[: len(data) * 6 // 10])
    (folder / "film_named.png").write_bytes(data)
    (folder / "empty.mkv").write_bytes(b"")
    (folder / "noise.mp4").write_bytes(np.random.default_rng(1).bytes(20_000))
    (folder / "header_only.mkv").write_bytes((folder / "film.mkv").read_bytes()[:400])
    grain = np.random.default_rng(2).integers(-20, 20, (24, 48, 64, 3))
    heavy = [
        np.clip(picture + grain[place], 0, 255).astype(np.uint8) for place, picture in enumerate(pictures)
    ]
    for name, first in (("truncated_fast.mp4", True), ("truncated_film.mkv", False)):
        data = films.write(folder / name, heavy, faststart=first, g="6", crf="10").read_bytes()
        (folder / name).write_bytes(data[: len(data) * 6 // 10])
    for name, text in _PLAYLISTS.items():
        (folder / name).write_text(text.format(target=folder / "film.mkv"))
    refused = Expected(0, ("ValueError",))
    cut = Expected(24, ("ValueError",), approximate=True)
    return {
        **dict.fromkeys(["film.mp4", "fast.mp4", "film.mkv", "film_named.png"], Expected(24)),
        **dict.fromkeys(["odd.mkv", "ten_bits.mkv", "variable.mkv", "turned.mp4"], Expected(4)),
        **dict.fromkeys(["old.mpg", "old.avi"], Expected(8)),
        **dict.fromkeys(
            ["sound.mp4", "no_index.mp4", "empty.mkv", "noise.mp4", "header_only.mkv", *_PLAYLISTS], refused
        ),
        **dict.fromkeys(["truncated_fast.mp4", "truncated_film.mkv"], cut),
    }


_PLAYLISTS = {
    "playlist.mp4": "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{target}\n#EXT-X-ENDLIST\n",
    "concat.mkv": "ffconcat version 1.0\nfile '{target}'\n",
    "dash.mp4": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><BaseURL>{target}</BaseURL></MPD>\n',
}


def _places(folder: Path, outside: Path) -> dict[str, Expected]:
    secret = outside / "secret.png"
    picture().save(secret)
    (folder / "escape.png").symlink_to(secret)
    (folder / "escape_folder").symlink_to(outside)
    (folder / "inside.png").symlink_to("good.png")
    (folder / "dangling.png").symlink_to("nowhere.png")
    (folder / "self.png").symlink_to("self.png")
    (folder / "loop").symlink_to(".")
    os.mkfifo(folder / "pipe.png")
    os.mkfifo(folder / "pipe.mp4")
    (folder / "folder.png").mkdir()
    (folder / ".hidden.png").write_bytes(b"")
    here = os.getcwd()
    try:  # a socket's path must be short
        os.chdir(folder)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind("socket.png")
    finally:
        os.chdir(here)
    left = Expected(0, ("LeavesRootError",))
    return {
        **dict.fromkeys(["escape.png", "escape_folder"], left),
        **dict.fromkeys(["pipe.png", "pipe.mp4", "socket.png"], Expected(0, ("OSError",))),
        **dict.fromkeys(
            ["dangling.png", "self.png"], Expected(0, ("OSError", "FileNotFoundError", "LeavesRootError"))
        ),
        "inside.png": Expected(1),
    }
