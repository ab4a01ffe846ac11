"""The plain loop a user would write today: frame after frame through rembg or MODNet, OpenCV's inpainting
behind it, Pillow files.

`python -m animelayers.benchmark.loop --model u2netp --weights u2netp.onnx FILM_OR_FOLDER OUT` writes
OUT/000000.character.png, .mask.png and .background.jpg and so on. A picture of today's practice, kept simple
on purpose; nothing of this package is used.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

Cut = Callable[[Image.Image], Image.Image]


def main() -> None:
    """Cut out every frame of a film, or every picture of a folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--model", choices=["modnet", "u2net", "u2netp"], required=True)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--limit", type=int)
    options = parser.parse_args()
    cv2.setNumThreads(options.threads)
    os.environ["OMP_NUM_THREADS"] = str(options.threads)
    cut = (
        modnet(options.weights, options.threads)
        if options.model == "modnet"
        else rembg(options.model, options.weights)
    )
    options.out.mkdir(parents=True)
    for index, picture in enumerate(frames(options.source)):
        if index == options.limit:
            break
        layers(picture, cut, str(options.out / f"{index:06d}"))


def layers(picture: Image.Image, cut: Cut, base: str) -> None:
    """One frame's files."""
    character = cut(picture)
    mask = character.getchannel("A")
    hole = cv2.dilate((np.asarray(mask) > 127).astype(np.uint8), np.ones((5, 5), np.uint8), iterations=2)
    background = cv2.inpaint(np.asarray(picture), hole, 3, cv2.INPAINT_TELEA)
    character.save(f"{base}.character.png")
    mask.save(f"{base}.mask.png")
    Image.fromarray(background).save(f"{base}.background.jpg", quality=95)


def frames(source: Path) -> Iterator[Image.Image]:
    """The frames of a film, or the pictures of a folder by name."""
    if source.is_dir():
        for path in sorted(source.rglob("*.*")):
            yield Image.open(path).convert("RGB")
        return
    film = cv2.VideoCapture(str(source))
    while True:
        there, frame = film.read()
        if not there:
            return
        yield Image.fromarray(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB))


def rembg(model: str, weights: Path) -> Cut:
    """`rembg.remove` with one session for all frames."""
    os.environ["U2NET_HOME"] = str(weights.parent)
    from rembg import new_session, remove

    session = new_session(model)
    return lambda picture: remove(picture, session=session)


def modnet(weights: Path, threads: int) -> Cut:
    """MODNet on ONNX Runtime, sized as in its authors' example; the frame's own colours with the matte as
    alpha.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(str(weights), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name

    def cut(picture: Image.Image) -> Image.Image:
        pixels = np.asarray(picture)
        height, width = pixels.shape[:2]
        scale = 512 / min(height, width)
        small = (max(32, int(width * scale) // 32 * 32), max(32, int(height * scale) // 32 * 32))
        batch = (cv2.resize(pixels, small, interpolation=cv2.INTER_AREA).astype(np.float32) - 127.5) / 127.5
        (matte,) = session.run(None, {name: batch.transpose(2, 0, 1)[None]})
        alpha = cv2.resize(matte[0, 0], (width, height), interpolation=cv2.INTER_AREA)
        result = picture.copy()
        result.putalpha(Image.fromarray((alpha.clip(0, 1) * 255).astype(np.uint8)))
        return result

    return cut


if __name__ == "__main__":
    main()
