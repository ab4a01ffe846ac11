"""What a JPEG shows of some blocks of a picture, without decoding the rest.

In a 4:4:4 JPEG each block of 8 x 8 pixels is coded on its own: put together as another picture, chosen blocks
come out bit for bit as in the whole file. Which blocks: bool (rows, columns) of `grid`, those at the right
and lower edge filled up with the last pixels, as JPEG does.
"""

from __future__ import annotations

import cv2
import numpy as np

from animelayers.imaging.codecs import decode, encode_jpeg

SIDE = 8
_WIDE = 64  # blocks in a row of the picture they are put together to
_LINE = f"V{3 * SIDE}"  # one row of pixels of a block


def grid(mask: np.ndarray) -> np.ndarray:
    """Blocks that hold anything of a uint8 mask (H, W) of 0 and 255, bool (ceil(H / 8), ceil(W / 8))."""
    height, width = mask.shape
    padded = cv2.copyMakeBorder(mask, 0, -height % SIDE, 0, -width % SIDE, cv2.BORDER_CONSTANT, value=0)
    return (
        cv2.resize(padded, (padded.shape[1] // SIDE, padded.shape[0] // SIDE), interpolation=cv2.INTER_AREA)
        > 0
    )


def stored(picture: np.ndarray, chosen: np.ndarray, quality: int) -> np.ndarray:
    """A copy of a uint8 RGB picture (H, W, 3), in the `chosen` blocks as its 4:4:4 JPEG of `quality` shows
    it.
    """
    height, width = picture.shape[:2]
    whole = cv2.copyMakeBorder(picture, 0, -height % SIDE, 0, -width % SIDE, cv2.BORDER_REPLICATE)
    blocks = _blocks(whole)
    coded = _blocks(_coded(_together(blocks[chosen]), quality)).reshape(-1, SIDE)
    blocks[chosen] = coded[: np.count_nonzero(chosen)]
    return whole[:height, :width]


def loss(picture: np.ndarray, chosen: np.ndarray, quality: int) -> float:
    """The sum of squared differences, over the `chosen` blocks, between a picture and its 4:4:4 JPEG of
    `quality`.
    """
    height, width = picture.shape[:2]
    whole = (
        cv2.copyMakeBorder(picture, 0, -height % SIDE, 0, -width % SIDE, cv2.BORDER_REPLICATE)
        if height % SIDE or width % SIDE
        else picture
    )
    sheet = _together(_blocks(np.ascontiguousarray(whole))[chosen])
    return float(cv2.norm(sheet, _coded(sheet, quality), cv2.NORM_L2SQR))


def _blocks(picture: np.ndarray) -> np.ndarray:
    """A view of whole blocks, (rows, columns, 8) of lines."""
    height, width = picture.shape[:2]
    return (
        picture.reshape(height, 3 * width)
        .view(_LINE)
        .reshape(height // SIDE, SIDE, width // SIDE)
        .transpose(0, 2, 1)
    )


def _together(blocks: np.ndarray) -> np.ndarray:
    """Blocks (N, 8) of lines side by side in a picture, black behind the last."""
    sheet = np.zeros((max(1, -(-len(blocks) // _WIDE)) * _WIDE, SIDE), _LINE)
    sheet[: len(blocks)] = blocks
    lines = np.ascontiguousarray(sheet.reshape(-1, _WIDE, SIDE).transpose(0, 2, 1))
    return lines.view(np.uint8).reshape(-1, _WIDE * SIDE, 3)


def _coded(sheet: np.ndarray, quality: int) -> np.ndarray:
    return decode(encode_jpeg(sheet, quality, "444"))
