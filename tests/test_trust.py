"""What is true of the whole package: no code from files, no open doors, and every promise of docs/trust.md
has its test.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DOCS = (ROOT / "docs" / "trust.md").read_text()
CODE = {
    path: path.read_text()
    for folder in ("animelayers", "jobs", "conf")
    for path in (ROOT / folder).rglob("*")
    if path.suffix in (".py", ".yaml")
}


def test_every_promise_names_a_test_that_is_there() -> None:
    rows = dict(re.findall(r"^\| ([RS]\d+) \|.*\| (.*?) \|$", DOCS, re.M))
    assert set(rows) == {f"R{n}" for n in range(1, 45)} | {f"S{n}" for n in range(1, 19)}
    for promise, proof in rows.items():
        named = re.findall(r"`([\w/]+\.py)::(\w+)`", proof)
        assert named, promise
        for file, test in named:
            assert f"def {test}(" in (ROOT / "tests" / file).read_text(), (promise, file, test)


def test_code_that_comes_with_weights_is_never_trusted() -> None:
    for path, text in CODE.items():
        assert not re.search(r"trust_remote_code\s*[=:]\s*[Tt]rue", text), path
        assert not re.search(
            r"(?<!\w)pickle\.loads?\(|allow_pickle\s*=\s*True|AUTOLOAD_PICKLE|weights_only\s*=\s*False", text
        ), path
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [
        *project["dependencies"],
        *(line for lines in project["optional-dependencies"].values() for line in lines),
    ]
    least = {re.split(r"[\[>=<]", line)[0]: re.search(r">=([\d.]+)", line) for line in wanted}
    for name, version in (("transformers", (5, 3)), ("ray", (2, 52))):
        found = least[name]
        assert found is not None and tuple(map(int, found[1].split(".")))[:2] >= version


def test_no_example_opens_a_door() -> None:
    for path, text in {
        **CODE,
        **{
            path: path.read_text()
            for path in (ROOT / "README.md", ROOT / "docs" / "trust.md", ROOT / "Makefile")
        },
    }.items():
        assert "0.0.0.0" not in text, path
    assert '"include_dashboard": False' in CODE[ROOT / "animelayers" / "engine" / "cluster.py"]
