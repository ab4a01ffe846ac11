"""Strangers' files with bytes changed, cut out and put in. Hypothesis makes a finding small; put it into the
corpus then.

A second for each kind; FUZZ_SECONDS=20 is what a machine that checks has, ten minutes what a person has. With
more, and where it can be had: `python -m tests.fuzz.by_hand KIND` lets atheris follow the branches.
"""

from __future__ import annotations

import json
import os
import time

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from animelayers.dataset.xsheet import SIGNATURE, Sheet, as_xdts
from tests.fuzz.targets import TARGETS, corpus, tried

SECONDS = float(os.environ.get("FUZZ_SECONDS", "1"))
LONG = SECONDS > 1
EDIT = st.tuples(
    st.sampled_from(["set", "flip", "number", "cut", "double", "swap"]),
    st.floats(0, 1),
    st.booleans(),
    st.integers(0, 255),
    st.sampled_from([0, 1, 0x7FFFFFFF, 0xFFFFFFFF, 0x10000]),
    st.integers(1, 40),
)


def changed(data: bytes, edits: list[tuple[str, float, bool, int, int, int]]) -> bytes:
    made = bytearray(data)
    for how, where, head, byte, number, length in edits:
        place = int(where * (min(64, len(made)) if head else len(made)))
        if how == "set":
            made[place : place + 1] = bytes([byte])
        elif how == "flip" and place < len(made):
            made[place] ^= 1 << (byte % 8)
        elif how == "number":
            made[place : place + 4] = number.to_bytes(4, "big" if byte % 2 else "little")
        elif how == "cut":
            del made[place : place + length]
        elif how == "double":
            made[place:place] = made[place : place + length]
        elif how == "swap":
            made[place : place + length] = made[:length]
    return bytes(made)


@pytest.mark.parametrize("kind", TARGETS)
def test_strangers_files_are_read_or_refused(kind: str) -> None:
    target = TARGETS[kind]
    seeds = target.seeds()
    for data in (*seeds, *corpus(kind)):
        tried(target, data)
    end, turn = time.monotonic() + SECONDS, 0
    while turn == 0 or (LONG and time.monotonic() < end):

        @seed(turn)
        @settings(
            max_examples=40,
            database=None,
            phases=[Phase.generate, Phase.shrink],
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(st.sampled_from(range(len(seeds))), st.lists(EDIT, min_size=1, max_size=5))
        def attack(number: int, edits: list[tuple[str, float, bool, int, int, int]]) -> None:
            tried(target, changed(seeds[number], edits))

        attack()
        turn += 1


WORD = st.text(max_size=12)


@given(
    WORD,
    WORD,
    st.dictionaries(WORD, st.just(None), max_size=3),
    st.lists(st.tuples(st.integers(0, 4), st.integers(1, 3)), min_size=1, max_size=12),
)
def test_any_sheet_is_an_xdts_that_reads_back(
    episode: str, scene: str, names: dict[str, None], shown: list[tuple[int, int]]
) -> None:
    """XDTS is written, never read: whatever names and exposures there are, it is JSON behind its signature,
    and says the same.
    """
    place = np.cumsum([step for _, step in shown]) - shown[0][1]
    numbers = np.array([number for number, _ in shown])
    drawing = np.maximum(numbers, 1)
    sheet = Sheet(episode, scene, place, place / 24, drawing, dict.fromkeys(names, numbers))
    first, _, rest = as_xdts(sheet).partition("\n")
    told = json.loads(rest)
    (table,) = told["timeTables"]
    assert first == SIGNATURE and told["header"]["scene"].isdigit() and table["duration"] == place[-1] + 1
    assert [header["names"] for header in table["timeTableHeaders"]] == [[*names] or ["drawing"]]
    for track in table["fields"][0]["tracks"]:
        frames = [entry["frame"] for entry in track["frames"]]
        assert frames == sorted(set(frames)) and (
            not frames or (frames[0] >= 0 and frames[-1] <= place[-1] + 1)
        )


def test_a_program_that_is_started_is_seen() -> None:
    """What watches the fuzzing does watch."""
    target = TARGETS["psd"]._replace(read=lambda data: os.system("true"))
    with pytest.raises(AssertionError, match=r"os\.system"):
        tried(target, b"")
