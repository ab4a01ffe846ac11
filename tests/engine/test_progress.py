"""What a run tells of itself: on a terminal one line, in a log a line now and then, and both before a long
clip is whole.
"""

from __future__ import annotations

import io
import re
import time
from pathlib import Path

import pytest

from animelayers.engine.ledger import Ledger
from animelayers.engine.progress import Progress, _clock


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def until(stream: io.StringIO, pattern: str) -> str:
    """What was written, as soon as it matches; whatever there is after half a minute."""
    end = time.monotonic() + 30
    while not re.search(pattern, stream.getvalue()) and time.monotonic() < end:
        time.sleep(0.05)
    return stream.getvalue()


def test_a_clip_counts_as_far_as_it_is_and_its_stage_is_told(tmp_path: Path) -> None:
    ledger, log = Ledger(tmp_path / "attempts", "run"), io.StringIO()
    with Progress(200, 100, ["decode", "character", "layers"], {"a": 100}, ledger, log, every=0) as progress:
        ledger.enter("layers", ["a"])
        said = until(log, "layers, ")
        assert re.search(
            r"^layers: 150 of 200 frames, layers, [\d.]+ frames/s, .+ left, 0 errors$", said, re.MULTILINE
        ), said
        ledger.leave("layers", ["a"])
        progress.committed("a", 100, False)
    assert (
        log.getvalue().splitlines()[-1].startswith("layers: 200 of 200 frames, ")
        and "\r" not in log.getvalue()
    )


def test_a_terminal_has_one_line(tmp_path: Path) -> None:
    ledger, screen = Ledger(tmp_path, "run"), Terminal()
    with Progress(10, 0, ["decode"], {"a": 10}, ledger, screen) as progress:
        progress.committed("a", 9, True)
    assert (
        "9/10" in screen.getvalue() and "errors=1" in screen.getvalue() and screen.getvalue().count("\n") == 1
    )


def test_a_log_of_a_short_run_has_one_line(tmp_path: Path) -> None:
    log = io.StringIO()
    with Progress(10, 0, ["decode"], {"a": 10}, Ledger(tmp_path / "no", "run"), log) as progress:
        progress.committed("a", 10, False)
    assert log.getvalue().count("\n") == 1


@pytest.mark.parametrize(("seconds", "said"), [(12, "12 s"), (100, "2 min"), (7260, "2 h 01 min")])
def test_times(seconds: float, said: str) -> None:
    assert _clock(seconds) == said
