"""Every option of every job and of everything a job can be told to use: a value it cannot hold ends in one
sentence before anything starts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, get_args, get_origin

import pytest
from omegaconf import DictConfig, OmegaConf

from animelayers import job, options
from animelayers.job import settings, values

JOBS = [path.stem for path in sorted(job.CONF.glob("*.yaml"))]
CHOICES = [
    path
    for path in sorted(job.CONF.rglob("*.yaml"))
    if path.parent != job.CONF and "_target_" in path.read_text()
]
OUTSIDE: dict[str, Any] = {
    "device": "cpu",
    "output": "x",
    "workers": 1,
    "source": {"path": "x"},
    "select": {},
    "picture": {},
    "caption": {},
}
"""What choices refer to."""
UNKNOWN = ("truth", "odds")
"""Nodes whose values are told by their own class: the distributions of a recipe."""


FREE = (
    r"model\.", "reference_model", r"stages\.\w+\.step\.(questions|effect_prompts)", r"select\.where", "characters", "systems",
    r"export\.(options|select|picture|caption)",
)  # fmt: skip
"""Options whose values their own class judges."""


@cache
def composed(name: str) -> DictConfig:
    return job.compose(name)


def leaves(node: DictConfig, above: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Every value that stands in a configuration itself, by its place; a list is one."""
    for key in node:
        place = (*above, key)
        if key in ("_target_", "_partial_") or OmegaConf.is_interpolation(node, key):
            continue
        value = None if OmegaConf.is_missing(node, key) else node[key]
        if isinstance(value, DictConfig) and len(value):
            yield from leaves(value, place)
        else:
            yield place, OmegaConf.to_container(value) if OmegaConf.is_config(value) else value


def hint(cfg: DictConfig, place: tuple[Any, ...], schema: dict[str, Any]) -> Any:
    """What is declared of the option at a place, Any for nothing."""
    node: Any = cfg
    for depth, key in enumerate(place):
        found = schema.get(str(key), schema.get("*", Any))
        if depth == len(place) - 1:
            return found
        node = node[key]
        schema = {
            **values.inside(found),
            **(options.hints(job.target(node["_target_"])) if "_target_" in node else {}),
        }
    return Any


def wrong(value: Any, declared: Any) -> Iterator[Any]:
    """Values of another kind than the one that is there, out of every range, and choices misspelt."""
    if isinstance(value, bool):
        yield from ("maybe", 7)
    elif isinstance(value, int | float):
        yield from ("ten", -(10**9))
        if "Sequence" not in str(declared):
            yield [value]
    elif isinstance(value, str):
        yield [1]
    elif isinstance(value, list):
        yield {"a": 1}
        if value and all(isinstance(each, int) for each in value):
            yield ["x", *value[1:]]
    elif value is None and declared is not Any:
        yield [["no", {"such": "thing"}]]
        if not options.is_text(declared):
            yield "no such thing"
            yield -(10**9)
    if choices := [
        str(choice)
        for kind in (declared, *get_args(declared))
        if str(get_origin(kind)) == "typing.Literal"
        for choice in get_args(kind)
    ]:
        yield f"{choices[0]}x"
        yield from () if bool in get_args(declared) else (True,)


def refused(
    name: str, cfg: DictConfig, place: tuple[Any, ...], value: Any, capsys: pytest.CaptureFixture[str]
) -> str:
    """The sentence that a job ends with."""
    node: Any = cfg
    for key in place[:-1]:
        node = node[key]
    before = OmegaConf.to_container(node, resolve=False)[place[-1]]  # type: ignore[call-overload,index]
    node[place[-1]] = value

    def body(_: DictConfig) -> int:
        raise AssertionError(f"the job started with {place}={value!r}")

    code = job.begun(name, (), body, cfg)
    node[place[-1]] = before
    said = capsys.readouterr().err
    key = ".".join(map(str, place))
    assert code == 2 and said.startswith(f"error: {key}="), said
    assert said.count("\n") == 1 and "Traceback" not in said and len(said) < 1000, said
    return said


@pytest.mark.parametrize("name", JOBS)
def test_no_option_of_a_job_takes_what_it_cannot_hold(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    cfg = composed(name)
    schema = options.hints(settings.JOBS[name])
    job.check(cfg, name)
    undeclared = []
    for place, value in leaves(cfg):
        if place[0] in UNKNOWN and name in ("compose", "train_layers"):
            continue
        declared = hint(cfg, place, schema)
        if declared is Any:
            undeclared.append(".".join(map(str, place)))
            continue
        for bad in wrong(value, declared):
            refused(name, cfg, place, bad, capsys)
    free = re.compile(
        r"model\.|reference_model|stages\.\w+\.step\.(questions|effect_prompts)|select\.where|characters|systems|export\.(options|select|picture|caption)"
    )
    assert [key for key in undeclared if not free.match(key)] == [], (
        "to be declared in animelayers/job/settings.py"
    )


@pytest.mark.parametrize("path", CHOICES, ids=lambda path: str(path.relative_to(job.CONF).with_suffix("")))
def test_no_option_of_a_choice_takes_what_it_cannot_hold(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said: Any = OmegaConf.to_container(OmegaConf.load(path), resolve=False)
    cfg: Any = OmegaConf.create(
        {**OUTSIDE, "it": {key: value for key, value in said.items() if key not in ("defaults", "enabled")}}
    )
    for place, value in leaves(cfg):
        # words of another program
        if place[0] != "it" or place[-2] == "options" or (declared := hint(cfg, place, {"it": Any})) is Any:
            continue
        for bad in wrong(value, declared):
            refused("none", cfg, place, bad, capsys)
        comment = next(
            (
                line.partition("#")[2]
                for line in path.read_text().splitlines()
                if line.strip().startswith(f"{place[-1]}:")
            ),
            "",
        )
        if re.search(r"\b0\.\.1\b", comment) and isinstance(value, int | float):
            assert "0" in refused("none", cfg, place, 1.5, capsys)


@pytest.mark.parametrize(
    ("value", "declared", "said"),
    [
        (11, options.Share, "it is a number, 0 to 1"),
        (0, options.Count | None, "it is a whole number, 1 or more or null"),
        (1.0, options.Count, "it is a whole number, 1 or more"),
        (float("nan"), float, "it is a number, 0 or more"),
        (0, options.Positive, "it is a number, above 0"),
        ("x", options.Size, "it is a list (a whole number, 1 or more)"),
        (3, options.Named, "it is a name of the table of weights, or a path"),
    ],
)
def test_what_an_option_can_hold_is_said(value: Any, declared: Any, said: str) -> None:
    assert options.problem(value, declared) == said


def test_the_nearest_choice_is_named() -> None:
    from animelayers.models.device import Device

    assert options.problem("cud", Device) == "it is auto, cpu, cuda or mps; did you mean cuda?"
    assert options.problem("cuda", Device) == ""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["source.detector=animee"], "source.detector=animee: it is anime, adaptive, content, transnetv2 or none; did you mean anime?"),
        (["source.limit=ten"], "source.limit=ten: it is a whole number, 1 or more or null"),
        (["device=gpu"], "device=gpu: it is auto, cpu, cuda or mps"),
        (["preset=laptp"], "configuration: preset=laptp is no choice; did you mean laptop?"),
        (["model/matte=isnet_anime"], "configuration: model/matte=isnet_anime is no choice; did you mean isnet-anime?"),
        (
            ["stages.character.step.matte.weights=u2nt"],
            "stages.character.step.matte.weights=u2nt: it is a name of the table of weights, or a path; did you mean u2net?",
        ),
        (["source.end=1", "source.start=2"], "source.end=1 is not after source.start=2"),
    ],
)  # fmt: skip
def test_the_command_line_ends_in_that_sentence(
    words: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    import runpy
    import signal
    import sys

    monkeypatch.setattr(
        sys, "argv", [str(job.JOBS / "decompose.py"), str(tmp_path), str(tmp_path / "out"), *words]
    )
    monkeypatch.setenv("HYDRA_FULL_ERROR", "0")
    before = signal.getsignal(signal.SIGTERM)
    try:
        with pytest.raises(SystemExit) as end:
            runpy.run_path(sys.argv[0], run_name="__main__")
    finally:
        signal.signal(signal.SIGTERM, before)
    assert end.value.code == 2
    assert capsys.readouterr().err.splitlines()[-1] == f"error: {said}"
    assert not (tmp_path / "out").exists()
