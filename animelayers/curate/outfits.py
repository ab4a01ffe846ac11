"""Outfits of a character that were found: tracks of one person grouped by the colours of what she wears."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pyarrow as pa

from animelayers.curate.cutouts import Cutouts
from animelayers.curate.evidence import clothes
from animelayers.curate.framing import shot_size
from animelayers.curate.identity import UNKNOWN, Evidence, alike, decide
from animelayers.curate.roster import Member
from animelayers.curate.tracklets import Tracklet, Tracklets
from animelayers.imaging.vectors import unit
from animelayers.record.values import Box

_DRAWINGS, _READERS = 3, 4


def worn(cutouts: Cutouts, table: pa.Table, found: Tracklets) -> np.ndarray:
    """The colours of the clothes of each track, float32 (N, 1024) of unit length, zeros where none of its
    drawings shows any: close-ups do not.
    """
    sizes = table.select(["width", "height"])

    def of(track: Tracklet) -> np.ndarray:
        total = np.zeros(1024, np.float32)
        for seen in sorted(track.drawings, key=lambda seen: (-seen.weight, seen.row))[:_DRAWINGS]:
            (size,) = sizes.slice(seen.row, 1).to_pylist()
            shot = shot_size(Box(*seen.box), size["width"], size["height"])
            if shot != "close_up":
                total += seen.weight * clothes(cutouts.cut(seen), whole=shot != "medium")
        return total

    with ThreadPoolExecutor(_READERS) as pool:
        return unit(np.stack(list(pool.map(of, found.tracks))))


def proposed(
    made: Mapping[str, Member],
    found: Tracklets,
    colours: np.ndarray,
    known: frozenset[str],
    min_similarity: float,
    frames: int,
) -> dict[str, Member]:
    """The roster with outfits: a character whose clothes come in several kinds is called NAME (outfit 1), NAME
    (outfit 2) …, most frames first.

    ``colours``: as `worn`. ``known``: names that stand already; they are a person's own, and left as they
    are. An outfit has ``frames`` frames at least, and drawings less alike than ``min_similarity`` are of two.
    Tracks that show no clothes, or rare ones, keep the name alone.
    """
    roster = dict(made)
    for name in {member.name for member in made.values()} - known - {UNKNOWN}:
        own = [
            i for i, track in enumerate(found.tracks) if made[track.name].name == name and colours[i].any()
        ]
        group = (
            decide(
                alike([Evidence(colours[own], 1.0)]), np.zeros((0, 2), int), min_similarity=min_similarity
            ).group
            if own
            else np.zeros(0, int)
        )
        shown = {
            k: sum(found.tracks[i].frames for i, of in zip(own, group, strict=True) if of == k)
            for k in set(group.tolist())
        }
        kept = sorted((k for k in shown if shown[k] >= frames), key=lambda k: (-shown[k], k))
        if len(kept) > 1:
            for i, of in zip(own, group.tolist(), strict=True):
                if of in kept:
                    track = found.tracks[i].name
                    roster[track] = made[track]._replace(name=f"{name} (outfit {kept.index(of) + 1})")
    return roster
