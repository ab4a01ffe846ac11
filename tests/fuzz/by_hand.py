"""Fuzzing by hand: `python -m tests.fuzz.by_hand KIND [SECONDS]`, with atheris where it is installed (it
follows branches), else as the tests do.

pip install atheris          # needs clang on most machines
"""

from __future__ import annotations

import os
import subprocess
import sys

from tests.fuzz.targets import TARGETS, corpus, tried


def main(kind: str, seconds: str = "600") -> int:
    """Fuzz one kind of file; the exit code is not 0 for a finding, whose bytes atheris leaves as crash-….`"""
    if kind not in TARGETS:
        sys.stderr.write(f"{kind} is no kind: {', '.join(TARGETS)}\n")
        return 2
    try:
        import atheris  # type: ignore[import-not-found]
    except ImportError:
        tests = [sys.executable, "-m", "pytest", "-q", "tests/fuzz/test_fuzz.py", "-k", f"refused and {kind}"]
        tests.append(f"--timeout={float(seconds) + 600}")  # that of all tests is as long as the whole hunt
        return subprocess.run(tests, env={**os.environ, "FUZZ_SECONDS": seconds}, check=False).returncode
    target = TARGETS[kind]
    for data in (*target.seeds(), *corpus(kind)):
        tried(target, data)
    atheris.instrument_all()
    atheris.Setup([sys.argv[0], f"-max_total_time={seconds}"], lambda data: tried(target, data))
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
