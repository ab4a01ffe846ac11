"""A training set of one character, from films or a finished output to a trainer's folder. `animelayers lora
--help` tells how.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from annotate import annotate
from cluster_characters import cluster_characters
from curate import curate
from decompose import decompose
from export import export
from omegaconf import DictConfig, OmegaConf

from animelayers import Output, job
from animelayers.curate.album import album
from animelayers.curate.decide import KNOWN
from animelayers.curate.identity import UNKNOWN
from animelayers.exports.check import FORMS, check
from animelayers.job.words import WordsError, text
from animelayers.sinks import SinkError, metadata
from animelayers.sinks.store import Store

STEPS: dict[str, tuple[str, Callable[[DictConfig], int]]] = {
    "decompose": ("decompose", decompose),
    "annotate": ("annotate", annotate),
    "identify": ("cluster_characters", cluster_characters),
    "curate": ("curate", curate),
    "export": ("export", export),
}
"""Steps by the names their options go by, and the jobs that do them."""
_OPTION = re.compile(r"--([a-z_-]+)(?:=(.*))?")


def lora(cfg: DictConfig) -> int:
    """Layers, annotations, who is who, the set, the trainer's folder, its check, a page."""
    if not cfg.films:
        raise job.ConfigError(
            "give a film, a folder or a finished output: animelayers lora FILM… --character NAME"
        )
    if cfg.trainer not in FORMS:
        raise job.ConfigError(f"trainer={cfg.trainer}: it is one of {', '.join(FORMS)}")
    if cfg.count is not None and cfg.count < 1:
        raise job.ConfigError(f"count={cfg.count}: it is a number of pictures, 1 or more")
    home = str(cfg.output or f"lora/{Path(str(cfg.films[0]).rstrip('/')).stem}").rstrip("/")
    try:
        layers, code = _layers(cfg, home)
        if layers is None:
            return code
        codes = [code, _annotated(cfg, layers)]
        if max(codes) in (1, 2):
            return max(codes)
        if (code := _identified(cfg, layers, home)) != 0:
            return code or 0
        return _assembled(cfg, layers, home, codes)
    except SinkError as problem:
        sys.stderr.write(f"error: {problem}\n")
        return 1


def _layers(cfg: DictConfig, home: str) -> tuple[str | None, int]:
    """The output that is taken or made; None, with an exit code, where there is none yet."""
    films = [str(film) for film in cfg.films]
    if len(films) == 1 and metadata.names(Store(films[0])):
        _print("layers", f"{films[0]} as they are")
        return films[0], 0
    layers = f"{home}/layers"
    words = (
        [text("source.path", films[0]), text("output", layers)]
        if len(films) == 1
        else _together(films, home, layers)
    )
    if cfg.dry_run:
        _run(cfg, "decompose", [*words, "dry_run=true"], placed=True)
        _print("then", f"annotate, tell who is who, curate, export for {cfg.trainer}; nothing is written yet")
        return None, 0
    _print("layers", layers)
    code = _run(cfg, "decompose", words, placed=True)
    return (layers, code) if code in (0, 3) else (None, code)


def _together(films: Sequence[str], home: str, layers: str) -> list[str]:
    """Several films as one folder of links to them."""
    folder = Path(home) / "films"
    folder.mkdir(parents=True, exist_ok=True)
    for film in films:
        link, whole = folder / Path(film).name, Path(film).resolve()
        if not whole.exists():
            raise job.ConfigError(f"{film} is not there")
        if link.is_symlink() and link.resolve() != whole:
            raise job.ConfigError(
                f"two films are called {link.name}: rename one, or put them in a folder and give that"
            )
        if not link.is_symlink():
            link.symlink_to(whole)
    return [text("source.path", str(folder)), "source.follow_links=true", text("output", layers)]


def _annotated(cfg: DictConfig, layers: str) -> int:
    if cfg.dry_run:
        return 0
    _print("annotate", "what its frames show, and captions")
    return _run(cfg, "annotate", [text("source.path", layers)], placed=True)


def _identified(cfg: DictConfig, layers: str, home: str) -> int | None:
    """Know who is who, and that the character asked for is among them; None where none is asked for."""
    people = _people(layers)
    if not cfg.dry_run and not _hers(people, cfg.character):
        _print("who is who", f"{home}/people")
        given = [text("references", str(cfg.references))] if cfg.references else []
        if (
            code := _run(
                cfg, "identify", [text("source.path", layers), text("output", f"{home}/people"), *given]
            )
        ) != 0:
            return code
        people = _people(layers)
    if hers := _hers(people, cfg.character):
        _print("who is who", f"{cfg.character} is in {sum(people[name] for name in hers)} frames")
        return 0
    there = ", ".join(f"{name} ({number} frames)" for name, number in people.most_common(12)) or "nobody yet"
    how = f"look into {home}/people, give her a name in characters.yaml there, and run this again with --character NAME"
    how += "; or show who is who: references=FOLDER with FOLDER/NAME/*.png"
    if cfg.character:
        raise job.ConfigError(f"nobody is called {cfg.character}: there is {there}; {how}")
    sys.stdout.write(f"there is {there}\n{how}\n")
    return None


def _hers(people: Counter[str], name: str | None) -> list[str]:
    """The names that are hers: her own, and those of her outfits."""
    return [called for called in people if name and (called == name or called.startswith(f"{name} ("))]


def _people(layers: str) -> Counter[str]:
    """In how many frames each character is."""
    table = Output(layers).table
    if "characters" not in table.column_names:
        return Counter()
    return Counter(word for said in table["characters"].to_pylist() for word in said or () if word != UNKNOWN)


def _assembled(cfg: DictConfig, layers: str, home: str, codes: list[int]) -> int:
    """The set, what a trainer reads, its check and the page."""
    home = f"{home}/{cfg.character}"
    made, folder = f"{home}/set", f"{home}/{cfg.trainer}"
    words = [
        *(f"strategies.{name}.enabled=false" for name in KNOWN),
        "+strategy@strategies.person=person",
        text("strategies.person.name", cfg.character),
    ]
    words += [text("strategies.person.trigger", cfg.trigger)] if cfg.trigger is not None else []
    words += [f"strategies.person.mask={'none' if cfg.mask == 'none' else 'person'}", "distance=4"]
    words += [f"count={cfg.count}"] if cfg.count else []
    words += ["dry_run=true"] if cfg.dry_run else []
    _print("set", made)
    codes.append(
        _run(cfg, "curate", [text("source.path", layers), text("output", made), *words], placed=True)
    )
    if codes[-1] in (1, 2) or cfg.dry_run:
        return codes[-1]
    _print("trainer", folder)
    asked = (
        [f"export.mask={'true' if cfg.mask != 'none' else 'false'}"] if cfg.trainer == "onetrainer" else []
    )
    asked = [f"export.mask={cfg.mask}"] if cfg.trainer in ("kohya", "aitoolkit") else asked
    codes.append(
        _run(
            cfg,
            "export",
            [f"export={cfg.trainer}", text("source.path", made), text("output", folder), *asked],
        )
    )
    if codes[-1] in (1, 2):
        return codes[-1]
    found = check(folder, cfg.trainer)
    sys.stderr.writelines(f"{cfg.trainer} would stumble: {line}\n" for line in found.problems)
    page = album(made, str(cfg.character), found, home)
    sys.stdout.write(
        f"{found.pictures} pictures of {cfg.character}, {found.steps} in an epoch\n  trainer  {folder}\n  set      {made}\n  look at  {page}\n"
    )
    return 3 if found.problems or 3 in codes else 0


def _run(cfg: DictConfig, step: str, words: Sequence[str], placed: bool = False) -> int:
    """A step's job, with its own options after what this one says, on this one's cluster unless it names
    another.
    """
    name, body = STEPS[step]
    own = [str(word) for word in cfg.steps[step]]
    device = [f"device={cfg.device}"] if placed and cfg.device else []
    composed = job.compose(name, [*device, *words, *own])
    if placed and not any(word.startswith("cluster=") for word in own):
        composed.cluster = OmegaConf.merge(cfg.cluster, _dotted("cluster.", own))
    return body(composed)


def _dotted(start: str, words: Sequence[str]) -> DictConfig:
    return OmegaConf.from_dotlist([word.removeprefix(start) for word in words if word.startswith(start)])


def _print(step: str, what: str) -> None:
    sys.stderr.write(f"— {step}: {what}\n")


def sorted_out(words: Sequence[str]) -> list[str]:
    """The words of the command as Hydra takes them: films, options with two dashes, and STEP.WORD for a
    step's own words.

    Raises `WordsError` for an option without its value.
    """
    films: list[str] = []
    steps: dict[str, list[str]] = {step: [] for step in STEPS}
    made: list[str] = []
    given = iter(words)
    for word in given:
        step, _, rest = word.partition(".")
        option = _OPTION.fullmatch(word)
        if word in ("--dry-run", "--help", "--help-all", "-h") or word.startswith(("--config", "--cfg")):
            made.append(word)
        elif option:
            value = option[2] if option[2] is not None else next(given, None)
            if value is None:
                raise WordsError(f"{word} is without its value: {word} …")
            made.append(_own(option[1].replace("-", "_"), value))
        elif step in STEPS and rest:
            steps[step].append(rest)
        elif re.match(r"[~+]?[a-z_][\w.@/]*=", word) and not Path(word).exists():
            made.append(_own(*word.split("=", 1)))
        else:
            films.append(word)
    made += [f"films={_list(films)}"] if films else []
    return [*made, *(f"steps.{step}={_list(own)}" for step, own in steps.items() if own)]


def _own(key: str, value: str) -> str:
    """A setting of this job: paths and free text as they are, whatever their characters."""
    free = (
        key in ("references", "output", "character", "trigger")
        and value not in ("null", "")
        and value[0] not in "'\""
    )
    return text(key, value) if free else f"{key}={value}"


def _list(words: Sequence[str]) -> str:
    return f"[{','.join(text('', word)[1:] for word in words)}]"


def _words() -> Any:
    try:
        sys.argv[1:] = sorted_out(sys.argv[1:])
    except WordsError as problem:
        sys.stderr.write(f"error: {problem}\n")
        sys.exit(2)


if __name__ == "__main__":
    _words()
    job.launch("lora", lora)
