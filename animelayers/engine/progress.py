"""How far a run is: frames, the stage they are in, and the time left; one line on a terminal, one line a
minute in a log.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from tqdm import tqdm

from animelayers.engine.ledger import Ledger

EVERY = "ANIMELAYERS_PROGRESS_S"
"""An environment variable: seconds between two lines of progress where no terminal is."""
_LOOK_S = 1.0
_MINUTE_S = 60.0
_MOST = 50_000  # marks that are known by name: of a longer run only committed clips count


class Progress:
    """Frames of `total` as they are done, `before` of them already; a context that draws until it is left.

    ``clips``: pending clips and their frames. ``ledger`` tells which of them are inside which of the `stages`
    now: such a clip counts as far as the stages it has behind it, so that a long clip is not silent for
    minutes. ``every``: seconds between two lines where no terminal is; None: what `EVERY` says, else a
    minute.
    """

    def __init__(
        self,
        total: int,
        before: int,
        stages: Sequence[str],
        clips: Mapping[str, int],
        ledger: Ledger,
        stream: Any = None,
        every: float | None = None,
    ) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._drawn = bool(getattr(self._stream, "isatty", lambda: False)())
        self._bar = tqdm(
            total=total,
            initial=before,
            unit="frame",
            smoothing=0.05,
            dynamic_ncols=True,
            desc="layers",
            file=self._stream,
            disable=not self._drawn,
        )
        self._total, self._before, self._done, self._errors = total, before, before, 0
        self._every = float(os.environ.get(EVERY, _MINUTE_S)) if every is None else every
        self._folder, self._stages = ledger.folder, len(stages)
        known = clips if len(clips) * len(stages) <= _MOST else {}
        self._marks = {
            ledger._mark(stage, clip).name: (clip, i, stage)
            for clip in known
            for i, stage in enumerate(stages)
        }
        self._clips = dict(known)
        self._lock, self._over = threading.Lock(), threading.Event()
        self._begun = self._told = time.monotonic()
        self._watch = threading.Thread(target=self._looking, daemon=True)

    def __enter__(self) -> Progress:
        self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._watch.join()
        self._show("")
        if not self._drawn and self._done > self._before:
            self._line("")
        self._bar.close()

    def committed(self, clip: str, frames: int, failed: bool) -> None:
        """A clip is done: so many of its frames, or none where it failed."""
        with self._lock:
            self._clips.pop(clip, None)
            self._done += frames
            self._errors += failed

    def _looking(self) -> None:
        while not self._over.wait(_LOOK_S):
            stage = self._stage()
            self._show(stage)
            if not self._drawn and time.monotonic() - self._told >= self._every:
                self._line(stage)

    def _stage(self) -> str:
        """The stage most clips are in now; how far they are is added up in `_ahead`."""
        try:
            inside = [self._marks[name] for name in os.listdir(self._folder) if name in self._marks]
        except OSError:
            inside = []
        with self._lock:
            self._ahead = sum(
                self._clips.get(clip, 0) * place / (self._stages + 1) for clip, place, _ in inside
            )
        return Counter(stage for *_, stage in inside).most_common(1)[0][0] if inside else ""

    _ahead = 0.0

    def _show(self, stage: str) -> None:
        if not self._drawn:
            return
        with self._lock:
            self._bar.n = max(self._bar.n, min(self._total, int(self._done + self._ahead)))
            self._bar.set_postfix_str(", ".join(filter(None, (stage, f"errors={self._errors}"))))

    def _line(self, stage: str) -> None:
        self._told = time.monotonic()
        with self._lock:
            done, rate = (
                self._done + self._ahead * bool(stage),
                (self._done + self._ahead - self._before) / max(1e-9, self._told - self._begun),
            )
        left = f"{_clock((self._total - done) / rate)} left" if rate > 0 else "time left unknown"
        facts = [
            f"layers: {int(done)} of {self._total} frames",
            stage,
            f"{rate:.2f} frames/s",
            left,
            f"{self._errors} errors",
        ]
        self._stream.write(", ".join(filter(None, facts)) + "\n")
        self._stream.flush()


def _clock(seconds: float) -> str:
    minutes, hours = int(seconds + 30) // 60 % 60, int(seconds + 30) // 3600
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min" if minutes else f"{int(seconds)} s"
