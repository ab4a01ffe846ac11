from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from animelayers.engine.ledger import ATTEMPTS, Ledger, Poisonous
from animelayers.sinks import SinkError


def test_a_clip_that_returns_leaves_no_mark(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path, "run")
    with ledger.inside("matte", ["a", "b"]):
        assert ledger.check("matte", "a"), "inside once without returning: alone from now on"
        assert not ledger.check("other", "a")
    assert not ledger.check("matte", "a") and not list(tmp_path.iterdir())


def test_an_exception_is_a_return(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path, "run")
    with pytest.raises(ValueError), ledger.inside("matte", ["a"]):
        raise ValueError
    assert not ledger.check("matte", "a")


def test_three_deaths_in_one_run_are_the_end(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path, "run")
    for _ in range(ATTEMPTS):
        assert ledger.tried("matte", "a")[0] < ATTEMPTS
        ledger.enter("matte", ["a"])
    with pytest.raises(Poisonous, match="killed its worker 3 times"):
        ledger.check("matte", "a")


def test_deaths_of_an_earlier_run_only_make_a_clip_run_alone(tmp_path: Path) -> None:
    for _ in range(5):
        Ledger(tmp_path, "yesterday").enter("matte", ["a"])
    assert Ledger(tmp_path, "today").check("matte", "a")


def test_a_reader_tries_marked_rows_alone_and_reports_poison(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path, "run")
    ledger.enter("decode", ["b"])
    for _ in range(ATTEMPTS):
        ledger.enter("decode", ["c"])
    calls: list[list[str]] = []

    def read(rows: list[dict[str, str]]) -> list[dict[str, str]]:
        calls.append([row["clip_id"] for row in rows])
        return rows

    out = list(ledger.guard("decode", read, [{"clip_id": c, "error": ""} for c in "abcd"]))
    assert calls == [["c"], ["a", "d"], ["b"]]
    assert [row["error"] for row in out] == ["decode: killed its worker 3 times", "", "", ""]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("busy", "code"), [("time.sleep(60)", 70), ("ctypes.PyDLL(None).sleep(60)", 1)], ids=["python", "native"]
)
def test_the_watchdog_ends_the_process(busy: str, code: int, tmp_path: Path) -> None:
    """Native code that holds the interpreter, too, where no thread of Python comes to its turn."""
    script = (
        "import ctypes, sys, time; from pathlib import Path; from animelayers.engine.ledger import Ledger\n"
        f"with Ledger(Path({str(tmp_path)!r}), 'run', 0.2).inside('matte', ['a']): {busy}"
    )
    assert (
        subprocess.run(
            [sys.executable, "-c", script], timeout=50, check=False, capture_output=True
        ).returncode
        == code
    )
    assert Ledger(tmp_path, "run").tried("matte", "a") == (1, 1)


def test_a_ledger_that_cannot_be_written_says_so_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "attempts").write_text("a file where the folder should be")
    with pytest.raises(SinkError, match=r"attempts: cannot be written .*free some space"):
        Ledger(tmp_path / "attempts", "run").enter("matte", ["a"])
