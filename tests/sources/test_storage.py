"""Paths and URIs: which file system, and where in it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from animelayers.storage import filesystem, is_local


@pytest.mark.parametrize("form", ["{}", "{}/", "file://{}"])
def test_local_paths(tmp_path: Path, form: str) -> None:
    system, root = filesystem(form.format(tmp_path))
    assert is_local(system) and root == str(tmp_path)


def test_relative_paths_and_odd_names() -> None:
    assert filesystem("a b/../-x")[1] == os.path.join(os.getcwd(), "-x")
    assert filesystem("file:///tmp/a%20b")[1] == filesystem("file:///tmp/a b")[1] == "/tmp/a b"


def test_other_stores() -> None:
    system, root = filesystem("s3://bucket/folder/?region=eu-west-1")
    assert system.type_name == "s3" and root == "bucket/folder" and not is_local(system)
    system, root = filesystem("memory://place/in/it/")
    with system.open_output_stream(f"{root}/x") as file:
        file.write(b"1")
    assert system.get_file_info(f"{root}/x").size == 1
    system.delete_dir(root)


def test_an_unknown_scheme_is_named() -> None:
    with pytest.raises(ValueError, match="nowhere://"):
        filesystem("nowhere://x")
