"""The reference pages of the documentation, from the code: `python -m animelayers.reference FOLDER` writes
them.

Columns are told by the record, models by the table of weights, settings by the hints of their options and the
comments beside their defaults, commands by the jobs.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
from omegaconf import OmegaConf

from animelayers import cli, job, weights
from animelayers.job.words import short
from animelayers.record.schema import ANNOTATIONS, RECORD

_ITSELF = {
    "frame_id": (
        "str",
        "EPISODE/scene0003_frame000127: from the content, never from the order of work; no dots",
    ),
    "drawing_of": ("str", "the frame whose layers it shares, if it holds or repeats a drawing"),
    "shard, shard_bytes": ("str, int64", "the tar its layers lie in, and its length"),
    "LAYER_file, LAYER_offset, LAYER_size, LAYER_xxh3": (
        "str, int64",
        "of each layer its file, where it lies in the shard, its bytes, their checksum",
    ),
}


def pages() -> dict[str, str]:
    """Every page by the name of its file."""
    return {"table.md": table(), "models.md": models(), "settings.md": settings(), "commands.md": commands()}


def table() -> str:
    """The frame table: every column, its type and its meaning."""
    own = [(name, *said) for name, said in _ITSELF.items()]
    made = [
        (name, _kind(name), RECORD[name].meaning)
        for name in RECORD
        if RECORD[name].table and name not in ANNOTATIONS
    ]
    told = [(name, _kind(name), RECORD[name].meaning) for name in ANNOTATIONS if RECORD[name].table]
    head = ("column", "type", "meaning")
    return (
        "# The frame table\n\nOne row per frame, and one per clip that failed. A column is there where some stage writes it.\n\n"
        f"{_rows(head, own + made)}\n\n## What annotation adds\n\n{_rows(head, told)}\n"
    )


def _kind(name: str) -> str:
    column = RECORD[name]
    if column.dtype == "list":
        inside = column.arrow.value_type
        return (
            f"a list of {', '.join(part.name for part in inside) if pa.types.is_struct(inside) else inside}"
        )
    inner = [axis for axis in column.axes.split() if axis not in ("D", "T")]
    return (
        f"{column.dtype}, a list of {' × '.join('several' if axis == 'E' else axis for axis in inner)}"
        if inner
        else column.dtype
    )


def models() -> str:
    """Every choice of a model with what its file says of it, and every file of weights with its terms."""
    rows = []
    for path in sorted((job.CONF / "model").glob("*/*.yaml")):
        lines = [
            line[1:].strip()
            for line in path.read_text(encoding="utf-8").splitlines()
            if line.startswith("#") and "@package" not in line
        ]
        named = [
            name
            for name in _texts(OmegaConf.to_container(OmegaConf.load(path), resolve=False))
            if name in weights.TABLE
        ]
        rows.append(
            (
                f"`model/{path.parent.name}={path.stem}`",
                " ".join(lines),
                ", ".join(dict.fromkeys(named)) or "–",
            )
        )
    files = []
    for w in weights.TABLE.values():
        size = weights.size(w)
        where = (
            " or ".join(dict.fromkeys(type(source).__name__.lower() for source in w.sources)) or "the package"
        )
        files.append(
            (
                f"`{w.name}`",
                w.role,
                w.weights_license,
                w.commercial,
                f"{size / 1e6:.1f}" if size else "?",
                where,
                w.homepage,
            )
        )
    head = ("weights", "role", "licence", "commercial use", "MB", "from", "home")
    refused = "Those that are not free for commercial use, or of which that is unknown, are refused until allowed: `'licenses.allow=[NAME]'`."
    return f"# Models\n\n{_rows(('choice', 'what it is', 'weights'), rows)}\n\n## Weights\n\n{refused}\n\n{_rows(head, files)}\n"


def _texts(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    for value in node.values() if isinstance(node, Mapping) else node if isinstance(node, list) else ():
        yield from _texts(value)


def settings() -> str:
    """Every setting of every job: default, what it can be, what it is for."""
    parts = [
        "# Settings\n\nAs `animelayers JOB --help-all` tells them, with what they are for. `???` has to be given."
    ]
    everywhere = _group_comments(sorted(job.CONF.glob("*/**/*.yaml")))
    for name in _jobs():
        rows = []
        groups = everywhere | _group_comments(_chosen(name))
        meanings = _comments(job.CONF / f"{name}.yaml")
        for key, value, said in job.explained(name):
            what = (
                meanings.get(key)
                or groups.get(key)
                or groups.get(re.sub(r"^stages\.\w+\.", "stages.*.", key), "")
            )
            rows.append((f"`{key}`", f"`{value}`" if value not in ("", None) else "–", said, what))
        parts.append(f"## {name}\n\n{_rows(('setting', 'default', 'can be', 'what it is for'), rows)}")
    parts.append(
        "## Choices\n\n"
        + _rows(("group", "choices"), [(f"`{g}`", ", ".join(names)) for g, names in _choices().items()])
    )
    return "\n\n".join(parts) + "\n"


def _jobs() -> list[str]:
    return sorted(path.stem for path in job.CONF.glob("*.yaml"))


def _choices() -> dict[str, list[str]]:
    return {group: names for name in _jobs() for group, names in job.choices(name).items()}


def _chosen(name: str) -> list[Path]:
    """The files of the choices that a job makes by itself."""
    raw: Any = OmegaConf.to_container(OmegaConf.load(job.CONF / f"{name}.yaml"), resolve=False)
    pairs = [pair for each in raw["defaults"] if isinstance(each, dict) for pair in each.items()]
    paths = [job.CONF / str(group).split("@")[0] / f"{choice}.yaml" for group, choice in pairs]
    return [path for path in paths if path.is_file()]


def _group_comments(paths: Sequence[Path]) -> dict[str, str]:
    """What files of choices say beside their options, by the key an option has in a job."""
    found: dict[str, str] = {}
    for path in paths:
        package = re.search(r"^# @package (\S+)", path.read_text(encoding="utf-8"), re.MULTILINE)
        above = package[1] if package else _package(*path.relative_to(job.CONF).with_suffix("").parts)
        prefix = "" if above == "_global_" else f"{above}."
        for key, said in _comments(path).items():
            found.setdefault(f"{prefix}{key}", said)
    return found


def _package(group: str, *names: str) -> str:
    """Where the options of a choice stand in a job that takes it."""
    stages = {"placement": "stages.*"}
    return {
        "stage": stages.get(names[-1], f"stages.{names[-1]}"),
        "strategy": f"strategies.{names[-1]}",
        "recipe": "truth",
    }.get(group, group)


def _comments(path: Path) -> dict[str, str]:
    """The comment beside each option of a file, by its key."""
    found: dict[str, str] = {}
    above: list[tuple[int, str]] = []
    for line in path.read_text(encoding="utf-8").split("\nhydra:")[0].splitlines():
        if not (match := re.match(r"( *)([\w.]+):(.*)$", line)):
            continue
        depth, name, rest = len(match[1]), match[2], match[3]
        above = [(indent, key) for indent, key in above if indent < depth]
        comment = re.search(r"\s# ?(.*)$", rest)
        if comment:
            found[".".join([*(key for _, key in above), name])] = comment[1]
        above.append((depth, name))
    return found


def commands() -> str:
    """Every command with its help."""
    parts = ["# Commands\n\nEach is also a script: `python jobs/NAME.py` takes the same words."]
    for name, what in cli.jobs():
        said = f"{what.rstrip('.')}.\n"
        if name in _jobs():
            said = f"```text\n{short(job.template(name)).strip()}\n```\n"
        parts.append(f"## {name}\n\n{said}")
    return "\n".join(parts)


def _rows(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(
        f"| {' | '.join(str(cell).replace('|', '&#124;').replace(chr(10), ' ') for cell in line)} |"
        for line in lines
    )


def main() -> int:
    """Write all pages into a folder."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (folder / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
