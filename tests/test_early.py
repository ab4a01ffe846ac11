"""Ctrl-C before a job's work begins: the process ends, and says nothing that only its makers could read."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from animelayers import early

ROOT = Path(__file__).resolve().parents[1]
pytestmark = pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="asks Linux which signals a process catches"
)


def catches(process: subprocess.Popen[str]) -> bool:
    line = next(
        line
        for line in Path(f"/proc/{process.pid}/status").read_text().splitlines()
        if line.startswith("SigCgt")
    )
    return bool(int(line.split()[1], 16) & 1 << signal.SIGINT - 1)


@pytest.mark.parametrize("later", [0.0, 0.4, 1.5])
@pytest.mark.parametrize(
    "words", [["jobs/decompose.py"], ["-m", "animelayers.cli"]], ids=["script", "command"]
)
def test_an_early_interrupt_is_no_traceback(words: list[str], later: float, tmp_path: Path) -> None:
    if words[0] == "-m":
        words = ["-c", "from animelayers.cli import run; run()", "decompose"]
    # in the background of a script all would ignore it
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        job = subprocess.Popen(
            [sys.executable, *words, f"source.path={tmp_path}", f"output={tmp_path / 'out'}"],
            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
    finally:
        signal.signal(signal.SIGINT, before)
    seen = False
    while job.poll() is None and not (seen and not catches(job)):
        seen = seen or catches(job)
        time.sleep(0.002)
    time.sleep(later)
    job.send_signal(signal.SIGINT)
    said, _ = job.communicate(timeout=120)
    # of an empty folder there is nothing to be done, which it may have found out by then
    assert "Traceback" not in said and job.returncode in (-signal.SIGINT, 130, 1), (job.returncode, said)
    assert job.returncode != 1 or later, said


def test_work_can_be_interrupted_and_what_was_before_comes_back() -> None:
    before = signal.getsignal(signal.SIGINT)
    try:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        with pytest.raises(KeyboardInterrupt), early.interruptible():
            signal.raise_signal(signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_DFL
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        with early.interruptible():
            signal.raise_signal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)
