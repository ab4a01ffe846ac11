"""The reference pages: everything that can be chosen, set or read stands there, from the code."""

from __future__ import annotations

import pytest

from animelayers import job, reference, weights
from animelayers.record.schema import RECORD


def test_the_table_tells_every_stored_column() -> None:
    page = reference.table()
    assert [name for name in RECORD if RECORD[name].table and f"| {name} |" not in page] == []


def test_every_choice_and_every_file_of_weights_is_told() -> None:
    page = reference.models()
    choices = [f"`model/{path.parent.name}={path.stem}`" for path in (job.CONF / "model").glob("*/*.yaml")]
    assert (
        choices
        and [name for name in [*choices, *(f"`{name}`" for name in weights.TABLE)] if name not in page] == []
    )


def test_every_job_and_setting_is_told() -> None:
    commands, page = reference.commands(), reference.settings()
    for path in job.JOBS.glob("*.py"):
        assert f"## {path.stem}\n" in commands
    for name in ("decompose", "export"):
        for key, _, _ in job.explained(name):
            assert f"| `{key}` |" in page
    assert (
        "| `time_limit` | `3600` | a number, above 0 | seconds one stage may spend on one clip before its process is ended |"
        in page
    )


@pytest.mark.parametrize("name", ["table.md", "models.md", "settings.md", "commands.md"])
def test_the_site_has_every_page(name: str) -> None:
    assert f"reference/{name}" in (job.CONF.parent / "mkdocs.yml").read_text()
