"""What a character is known by: the embeddings annotation gave its drawings, and the colours a cel painter
mixed for it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np
import pyarrow as pa

from animelayers.curate.tracklets import Seen, Tracklet
from animelayers.imaging.square import boxed
from animelayers.imaging.vectors import unit

_HIGH = 128  # rows a cut-out is looked at with
_LEVELS = (4, 16, 16)  # bins of L, a and b: light and shade move a colour along L first
_SOLID = 200  # alpha from which a pixel shows the figure's own colour
# per cent, what it becomes, and what is never taken for white: grey levels
_LIGHTEST, _WHITE, _DIMMEST = 97, 245, 60
# where clothes are, in shares of what is seen of a figure's height
_TRUNK, _BUST = np.array([0.24, 0.6]), np.array([0.5, 1.0])
# of the upper half: hair and face, collar and chest; what is below is cut by most frames and moves most
_PARTS = 2


def embeddings(table: pa.Table, tracks: Sequence[Tracklet], model: str) -> np.ndarray:
    """One embedding per track, float32 (N, E) of unit length, zeros where none of its drawings has any.

    Taken from column MODEL_instances, and where that is missing from MODEL_character of drawings with one
    character alone. Raises ValueError where the table has neither, or rows that two models made.
    """
    single, several = f"{model}_character", f"{model}_instances"
    if not {single, several} & set(table.column_names):
        raise ValueError(f"the frame table has neither {several} nor {single}")
    rows = sorted({seen.row for track in tracks for seen in track.drawings})
    chosen = table.take(pa.array(rows, pa.int64()))
    alone = dict(
        zip(
            rows,
            (ids is not None and len(ids) <= 1 for ids in chosen["instance_ids"].to_pylist()),
            strict=True,
        )
    )
    one, many = (dict(zip(rows, _vectors(chosen, column), strict=True)) for column in (single, several))

    def of(seen: Seen) -> np.ndarray | None:
        joined = many[seen.row]
        parts = [] if joined is None or len(joined) % seen.of else [joined.reshape(seen.of, -1)[seen.place]]
        parts += [own for own in [one[seen.row]] if own is not None and alone[seen.row]]
        return next((part for part in parts if part.any()), None)

    known = [
        [(vector, seen.weight) for seen in track.drawings if (vector := of(seen)) is not None]
        for track in tracks
    ]
    sizes = {len(vector) for each in known for vector, _ in each}
    if len(sizes) > 1:
        raise ValueError(
            f"{several} holds embeddings of {sorted(sizes)} numbers: two models made it; annotate again under one name"
        )
    made = np.zeros((len(tracks), next(iter(sizes), 1)), np.float32)
    for i, each in enumerate(known):
        if each:
            made[i] = robust(
                np.stack([vector for vector, _ in each]), np.array([weight for _, weight in each])
            )
    return made


def looks(net: Callable[[list[np.ndarray]], np.ndarray], cutouts: Sequence[np.ndarray]) -> np.ndarray:
    """What a net says of N cut-outs straight RGBA uint8 (H, W, 4), and of the upper half of each, float32 (N, 2, E):
    a close-up is compared with the upper half of whom another shot shows from head to foot.
    """
    upper = [cutout[: _upper(cutout)] for cutout in cutouts]
    return np.stack([net(list(cutouts)), net(upper)], axis=1)


def _upper(cutout: np.ndarray) -> int:
    """The row at which the upper half of a figure ends."""
    box = boxed(cutout[..., 3])
    return box[1] + box[3] // 2 if box else len(cutout)


def robust(vectors: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The weighted mean of unit vectors (N, E) without the quarter that lies farthest from it, of unit
    length, float32 (E,).
    """
    mean = weights @ vectors
    near = np.argsort(-(vectors @ mean), kind="stable")[: max(1, -(-3 * len(vectors) // 4))]
    kept: np.ndarray = (weights[near] @ vectors[near]).astype(np.float32)
    found: np.ndarray = unit(kept[None])[0]
    return found


def colours(cutout: np.ndarray) -> np.ndarray:
    """What colours the upper half of a figure has and where, from its cut-out uint8 (H, W, 4); float32 (2,
    2048), each of unit length or zeros.

    As they are, and as they are under white light: night, dusk and haze colour the same figure anew in
    another shot. The roots of the shares of colour bins in Lab, so that a product of two is the Bhattacharyya
    coefficient, 0..1. Nothing below the middle counts: close-ups do not show it.
    """
    scale = min(1.0, _HIGH / len(cutout))
    if scale < 1:
        cutout = cv2.resize(
            cutout, (max(1, round(cutout.shape[1] * scale)), _HIGH), interpolation=cv2.INTER_AREA
        )
    solid = cutout[..., 3] > _SOLID
    parts = np.zeros((2, _PARTS, int(np.prod(_LEVELS))))
    if (rows := np.flatnonzero(solid.any(axis=1))).size:
        pixels = np.ascontiguousarray(cutout[..., :3])
        step = (int(rows[-1]) + 1 - int(rows[0])) / (2 * _PARTS)
        bands = [
            slice(int(rows[0]) + int(k * step), int(rows[0]) + int(np.ceil((k + 1) * step)))
            for k in range(_PARTS)
        ]
        for way, shown in enumerate((pixels, whitened(pixels, solid))):
            cell = _cells(shown)
            for k, band in enumerate(bands):
                parts[way, k] = _spread(np.bincount(cell[band][solid[band]], minlength=parts.shape[2]))
    return unit(np.sqrt(parts).reshape(2, -1))


def clothes(cutout: np.ndarray, whole: bool) -> np.ndarray:
    """What colours the clothes of a figure have, from its cut-out uint8 (H, W, 4), under white light; float32
    (1024,) of unit length or zeros.

    ``whole``: it is seen from head to foot, so that its trunk is in its upper half; else it ends at the waist
    or above, and that is its lower part.
    """
    solid = cutout[..., 3] > _SOLID
    rows = np.flatnonzero(solid.any(axis=1))
    if not rows.size:
        return np.zeros(int(np.prod(_LEVELS)), np.float32)
    first, last = (_TRUNK if whole else _BUST) * (rows[-1] + 1 - rows[0]) + rows[0]
    band = slice(int(first), max(int(first) + 1, int(last)))
    cell = _cells(whitened(np.ascontiguousarray(cutout[..., :3]), solid))
    found: np.ndarray = unit(
        np.sqrt(_spread(np.bincount(cell[band][solid[band]], minlength=int(np.prod(_LEVELS)))))[None]
    )[0]
    return found


def whitened(pixels: np.ndarray, solid: np.ndarray) -> np.ndarray:
    """A picture uint8 (H, W, 3) in the light in which the lightest of what is `solid`, bool (H, W), is white."""
    lightest = np.percentile(pixels[solid], _LIGHTEST, axis=0)
    table = np.clip(np.arange(256)[:, None] * (_WHITE / np.maximum(lightest, _DIMMEST)), 0, 255).astype(
        np.uint8
    )
    return np.dstack([table[:, k][pixels[..., k]] for k in range(3)])


def _cells(pixels: np.ndarray) -> np.ndarray:
    """The colour bin of each pixel of a picture uint8 (H, W, 3), int (H, W)."""
    lab = cv2.cvtColor(pixels, cv2.COLOR_RGB2Lab).astype(np.int32)
    a, b = (np.clip(lab[..., k] - 64, 0, 127) * _LEVELS[k] // 128 for k in (1, 2))
    cells: np.ndarray = (lab[..., 0] * _LEVELS[0] // 256 * _LEVELS[1] + a) * _LEVELS[2] + b
    return cells


def _spread(counts: np.ndarray) -> np.ndarray:
    """Shares of bins, each running over into its neighbours, so that a shade does not fall between two."""
    box: np.ndarray = counts.reshape(_LEVELS).astype(np.float64)
    for axis in range(3):
        box = np.moveaxis(box, axis, 0)
        over = box.copy()
        over[1:] += 0.5 * box[:-1]
        over[:-1] += 0.5 * box[1:]
        box = np.moveaxis(over, 0, axis)
    shares: np.ndarray = box.ravel() / max(1e-9, box.sum())
    return shares


def _vectors(table: pa.Table, column: str) -> list[np.ndarray | None]:
    if column not in table.column_names:
        return [None] * len(table)
    values = table[column].combine_chunks()
    return [
        np.asarray(value.values, np.float32) if (value := values[i]).is_valid else None
        for i in range(len(values))
    ]
