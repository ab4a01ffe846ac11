"""A decoded frame as it is meant to be seen: upright, opaque sRGB of square pixels."""

from __future__ import annotations

import av
import cv2
import numpy as np

from animelayers.sources.asked import Asked
from animelayers.sources.facts import Facts, Turn, colours, converted, turn
from animelayers.sources.seen import Seen, over


def size(frame: av.VideoFrame, facts: Facts, asked: Asked) -> tuple[int, int]:
    """Width and height of what `show` makes of a frame."""
    top, bottom, left, right = facts.crop
    width, height = _wide(frame.width - left - right, facts, asked), frame.height - top - bottom
    return (height, width) if turn(frame)[0].swap else (width, height)


def show(frame: av.VideoFrame, facts: Facts, asked: Asked) -> Seen:
    """The frame as the container and the frame itself say that it is to be shown; alpha is composed on
    `asked.alpha_on`.

    In this order: to sRGB (see `facts.colours`), cropped, its pixels made square along the lines, which stay
    as many as they are, and brought upright by the display matrix, mirror included.
    """
    target, notes, doubts = colours(frame, asked.hdr)
    clear = any(component.is_alpha for component in frame.format.components)
    stored = converted(frame, "rgba" if clear else "rgb24", target)
    top, bottom, left, right = facts.crop
    picture = stored[top : stored.shape[0] - bottom, left : stored.shape[1] - right]
    told, alpha = list[str](), None
    if clear and int(picture[..., 3].min()) < 255:
        alpha = np.ascontiguousarray(picture[..., 3])
        told.append("alpha composed on #{:02x}{:02x}{:02x}".format(*asked.alpha_on))
        picture = over(picture[..., :3], alpha, asked.alpha_on)
    picture = np.ascontiguousarray(picture[..., :3])
    width = _wide(picture.shape[1], facts, asked)
    if width != picture.shape[1]:
        picture, alpha = _stretched(picture, width), alpha if alpha is None else _stretched(alpha, width)
    if facts.aspect != 1:
        told.append(f"pixels of {facts.shape} {'made square' if asked.aspect == 'square' else 'kept'}")
    upright, odd = turn(frame)
    picture, alpha = turned(picture, upright), alpha if alpha is None else turned(alpha, upright)
    told += [note for note in (odd, upright.note) if note]
    return Seen(picture, alpha, (*told, *facts.notes, *notes), facts.doubts | doubts)


def turned(picture: np.ndarray, how: Turn) -> np.ndarray:
    """A picture (H, W, …) brought upright."""
    picture = picture.swapaxes(0, 1) if how.swap else picture
    picture = picture[:, ::-1] if how.across else picture
    return np.ascontiguousarray(picture[::-1] if how.down else picture)


def _wide(width: int, facts: Facts, asked: Asked) -> int:
    return max(1, round(width * facts.aspect)) if asked.aspect == "square" else width


def _stretched(picture: np.ndarray, width: int) -> np.ndarray:
    how = cv2.INTER_CUBIC if width > picture.shape[1] else cv2.INTER_AREA
    return cv2.resize(picture, (width, picture.shape[0]), interpolation=how)
