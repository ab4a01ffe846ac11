"""Every model that can be chosen stands in the table of models."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from animelayers import job

CHOICES = sorted(
    path.relative_to(job.CONF / "model").with_suffix("") for path in (job.CONF / "model").glob("*/*.yaml")
)
SECTION = re.search(
    r"^## Models$(.*?)(?=^## |\Z)",
    (job.CONF.parent / "docs" / "choices.md").read_text(),
    re.MULTILINE | re.DOTALL,
)


@pytest.mark.skipif(SECTION is None, reason="there is no section Models yet")
@pytest.mark.parametrize("choice", [path for path in CHOICES if path.name != "none"], ids=str)
def test_a_model_has_its_row(choice: Path) -> None:
    assert SECTION is not None
    rows = [line.split("|") for line in SECTION[1].splitlines() if line.startswith("| ")]
    names = {
        name
        for row in rows
        if row[1].strip() == choice.parent.name
        for name in re.findall(r"`([^`]+)`", row[2])
    }
    assert choice.name in names
