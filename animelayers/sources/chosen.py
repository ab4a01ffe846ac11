"""Films of which only some frames are taken: key frames, or a few of every scene."""

from __future__ import annotations

from typing import IO, Any

import numpy as np

from animelayers.options import Count
from animelayers.record.schema import Row
from animelayers.sources.files import Files
from animelayers.sources.film import Film
from animelayers.sources.plan import Input, spread
from animelayers.sources.scan import scan_film


class Chosen(Files):
    """As `Files`, and of a film's frames that ``every``, ``fps``, ``start`` and ``end`` leave only some.

    ``key_frames``: only those that the film stores whole, which encoders put where a scene begins.
    ``per_scene``: of each scene so many, spread evenly; of those alone where both are given. Animated
    pictures and stills are taken as `Files` does.
    """

    def __init__(
        self, path: str, *, key_frames: bool = False, per_scene: Count | None = None, **options: Any
    ) -> None:
        """Raises ValueError for a `per_scene` below 1 and for values that make no sense to `Files`."""
        if per_scene is not None and per_scene < 1:
            raise ValueError(f"source.per_scene must be 1 or more, not {per_scene}")
        super().__init__(path, **options)
        self._key_frames, self._per_scene = key_frames, per_scene

    def _film(self, item: Input, file: IO[bytes]) -> list[Row]:
        with Film(file, self._asked.max_pixels) as film:
            scan = scan_film(film, self._detector, self._enough, self._asked)
        taken = chosen(
            self._of(scan), scan.shots.numbers(), np.array(scan.keys, bool), self._key_frames, self._per_scene
        )
        return list(
            scan.rows(
                self._moving(item, "video"), taken, self._bytes_per_pixel, self.row_bytes, self._context
            )
        )

    def _enough(self, times: np.ndarray) -> bool:
        """As `Files`; how many of the frames read are chosen is not known before the scenes are, so a `limit`
        does not end the pass.
        """
        thinned = self._key_frames or self._per_scene is not None
        return bool(self._end is not None and times[-1] >= self._end) if thinned else super()._enough(times)


def chosen(
    taken: np.ndarray, scenes: np.ndarray, keys: np.ndarray, key_frames: bool, per_scene: int | None
) -> np.ndarray:
    """Which of a film's frames are left, bool [T], of those `taken`, bool [T].

    ``scenes``: int [T], the number of each frame's scene. ``keys``: bool [T], its key frames. A scene without
    a key frame gives its first.
    """
    left = np.zeros_like(taken)
    for scene in np.unique(scenes[taken]):
        run = np.flatnonzero(taken & (scenes == scene))
        if key_frames:
            run = run[keys[run]] if keys[run].any() else run[:1]
        left[spread(run, min(per_scene, len(run))) if per_scene is not None else run] = True
    return left
