"""Everything but the model, per frame: our source and stages against rembg, OpenCV's inpainting and Pillow,
both with a net that costs nothing.

The net of both sides answers at once with the true alpha at 320 x 320, the size of U-2-Net; all around it,
from the resizing of its input to the last byte of the files, is what a user would run:
`animelayers.models.saliency` in the stages of the main job on one side, a rembg session on the other. CPU
seconds of one process with one thread, so that other load on the machine counts for nothing.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from time import process_time
from typing import Any

import cv2
import numpy as np
from PIL import Image

from animelayers.benchmark import net
from animelayers.benchmark.figures import Figure, interleave, middle
from animelayers.engine.placement import Stage
from animelayers.engine.step import Step
from animelayers.engine.worker import build, keep_memory
from animelayers.imaging.codecs import encode_jpeg
from animelayers.models.saliency import Saliency
from animelayers.samples import scene
from animelayers.sources import Files

PARTS = ("decode", "matte", "fill", "colour", "encode", "shot")
"""What a frame costs: reading it; the matte around its net; inpainting; the other colours of the layers;
files; the stages that look at a shot over time and find one drawing here."""
Round = dict[str, float]
"""Milliseconds of CPU of each of `PARTS`, and `bytes` of the files."""


def measure(
    stages: Mapping[str, Stage], folder: Path, size: tuple[int, int], rounds: int
) -> tuple[list[Figure], dict[str, Any]]:
    """The figures of a flat cel and of a photo-like frame of `size` (width, height), and their rounds;
    `folder` is for scratch.
    """
    cv2.setNumThreads(1)
    keep_memory()  # as our workers do; the peer gains by it too
    figures: list[Figure] = []
    everything = {}
    for name, (frame, alpha) in pictures(size).items():
        path = folder / name / "scene0000_frame000000.jpg"
        path.parent.mkdir(parents=True)
        path.write_bytes(encode_jpeg(frame))
        sides = {
            "peer": peer(path, alpha),
            "ours": ours(path, stages, net.write(alpha, folder / f"{name}.xml")),
        }
        interleave(sides, 1)  # imports, tables, the choice of a codec
        everything[name] = interleave(sides, rounds)
        figures += _figures(name, middle(everything[name]["peer"]), middle(everything[name]["ours"]))
    return figures, {"size": list(size), "rounds": everything}


def pictures(size: tuple[int, int]) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """A flat cel, and the same with the grain of a photograph: frame uint8 (H, W, 3) and true alpha uint8 (H,
    W) of each.
    """
    shot = scene("portrait", 1, size)
    frame, alpha = shot.frames[0], shot.character[0]
    rng = np.random.default_rng(0)
    grain = sum(
        amount * cv2.GaussianBlur(rng.standard_normal(frame.shape).astype(np.float32), (0, 0), sigma)
        for amount, sigma in _GRAIN
    )
    photo = np.clip(frame + grain, 0, 255).astype(np.uint8)
    return {"flat": (frame, alpha), "photo": (photo, alpha)}


_GRAIN = ((12.0, 0.7), (40.0, 3.0), (120.0, 12.0))
"""Grey levels and pixels of each octave: about 5, 4 and 3 grey levels after the blur."""


def ours(path: Path, stages: Mapping[str, Stage], weights: Path) -> Callable[[], Round]:
    """One frame through the source and the stages of the main job, with the silent net `weights`."""
    source = Files(str(path.parent))
    steps = {name: _step(stage, weights) for name, stage in stages.items()}
    fill = _Clock(steps["background"].inpaint)  # type: ignore[attr-defined]
    steps["background"].inpaint = fill  # type: ignore[attr-defined]

    def frame() -> Round:
        clock = _Clock(lambda: list(source.read(source.scan(source.inputs()))))
        rows = clock()
        spent = {"decode": clock.taken()}
        for name, step in steps.items():
            clock = _Clock(step.run)
            rows = clock(rows)
            spent[name] = clock.taken()
        if rows[0]["error"]:
            raise RuntimeError(rows[0]["error"])
        filled = fill.taken()
        known = {
            "decode": spent.pop("decode"),
            "matte": spent.pop("character"),
            "fill": filled,
            "encode": spent.pop("encode"),
        }
        known["colour"] = spent.pop("background") - filled
        return {**known, "shot": sum(spent.values()), "bytes": float(len(rows[0]["layers"]))}

    return frame


def peer(path: Path, alpha: np.ndarray) -> Callable[[], Round]:
    """One frame through what a user writes: `rembg.remove`, `cv2.inpaint`, Pillow."""
    from rembg import remove

    session = net.session(alpha)

    def inpaint(picture: Image.Image, mask: Image.Image) -> np.ndarray:
        hole = cv2.dilate((np.asarray(mask) > 127).astype(np.uint8), np.ones((5, 5), np.uint8), iterations=2)
        return cv2.inpaint(np.asarray(picture), hole, 3, cv2.INPAINT_TELEA)

    def save(cut: Image.Image, mask: Image.Image, background: np.ndarray) -> list[bytes]:
        return [
            _saved(cut, "PNG"),
            _saved(mask, "PNG"),
            _saved(Image.fromarray(background), "JPEG", quality=95),
        ]

    def frame() -> Round:
        decode, cut_out = (
            _Clock(lambda: Image.open(path).convert("RGB")),
            _Clock(partial(remove, session=session)),
        )
        fill, encode = _Clock(inpaint), _Clock(save)
        picture = decode()
        cut = cut_out(picture)
        mask = cut.getchannel("A").point(lambda alpha: 255 * (alpha > 127))  # binary as ours
        files = encode(cut, mask, fill(picture, mask))
        clocks = {"decode": decode, "matte": cut_out, "fill": fill, "encode": encode}
        return {name: clock.taken() for name, clock in clocks.items()} | {
            "colour": 0.0,
            "shot": 0.0,
            "bytes": float(sum(map(len, files))),
        }

    return frame


class _Clock:
    """A function with the CPU time it takes, in milliseconds."""

    def __init__(self, call: Callable[..., Any]) -> None:
        self._call, self._spent = call, 0.0

    def __call__(self, *arguments: Any) -> Any:
        start = process_time()
        try:
            return self._call(*arguments)
        finally:
            self._spent += 1000 * (process_time() - start)

    def taken(self) -> float:
        """What was spent since the last time this was asked."""
        spent, self._spent = self._spent, 0.0
        return spent


def _step(stage: Stage, weights: Path) -> Step:
    """A stage's step as the main job builds it, the matte's net being the silent one, and no other asked."""
    options = dict(stage.step.keywords)
    if "matte" in options:
        options["matte"] = Saliency("u2netp", weights, precision="fp32")
    if "net" in options:
        options["net"] = None
    made: Step = build(partial(stage.step.func, **options))
    return made


def _saved(picture: Image.Image, form: str, **options: int) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, form, **options)
    return buffer.getvalue()


def _figures(name: str, theirs: Round, mine: Round) -> list[Figure]:
    def summed(spent: Round, *without: str) -> float:
        return sum(spent[part] for part in PARTS if part not in without)

    def ratio(what: str, a: float, b: float, goal: float | None = None) -> Figure:
        return Figure("encode", f"{name}: {what}", b, "ms", a / max(b, 1e-9), a, goal)

    kilobytes = (theirs["bytes"] / 1000, mine["bytes"] / 1000)
    return [
        ratio("CPU per frame", summed(theirs), summed(mine), 6),
        ratio("CPU without the background's fill", summed(theirs, "fill"), summed(mine, "fill"), 6),
        *(ratio(part, theirs[part], mine[part]) for part in PARTS),
        Figure(
            "encode",
            f"{name}: bytes",
            kilobytes[1],
            "kB",
            kilobytes[1] / kilobytes[0],
            kilobytes[0],
            1.25,
            at_most=True,
        ),
    ]
