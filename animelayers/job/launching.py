"""From the words of a command line to an exit code: Hydra composes, every expected error ends in one
sentence.

Exit codes: 0 all done, 3 some inputs failed, 1 nothing could be done, 2 bad configuration, 130 and 143
interrupted.
"""

from __future__ import annotations

import difflib
import logging
import os
import re
import signal
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import hydra
from hydra.errors import HydraException, MissingConfigException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import InterpolationToMissingValueError, MissingMandatoryValue, OmegaConfBaseException

from animelayers.early import interruptible
from animelayers.engine.cluster import StartError, cards, machine
from animelayers.engine.placement import PipelineError
from animelayers.job.composed import CONF, compose
from animelayers.job.errors import ConfigError
from animelayers.job.help import template, whole
from animelayers.job.renewed import renewed
from animelayers.job.values import check
from animelayers.job.words import ALL, WordsError, lacking, renamed, short, taken
from animelayers.options import nearest
from animelayers.private import without_keys
from animelayers.sinks import Changed, SinkError
from animelayers.weights import WeightsError

AUTO = "preset=auto"
_OF_CARD = 1 << 30
"""Bytes of a card that a worker with small nets takes: half of it is what CUDA itself needs in each process."""
_MOST_SHARE = 32


def launch(config_name: str, body: Callable[[DictConfig], int], *places: str) -> None:
    """Compose `conf/CONFIG_NAME.yaml` with the command line's overrides, run `body` and exit with its code.

    ``places``: the keys that words without a key stand for, in order; 'export=' is one of a choice.
    """
    # so that errors arrive here instead of ending in Hydra's own exit code
    os.environ["HYDRA_FULL_ERROR"] = "1"
    signal.signal(signal.SIGTERM, _terminated)
    codes: list[int] = []
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    chose = ""

    def started(cfg: DictConfig) -> int:
        sys.stderr.write("" if lacking(cfg, places) else chose)
        return body(cfg)

    run = partial(begun, config_name, places, started)
    try:
        words = sys.argv[1:]
        if {"-h", "--help", ALL} & {*words}:
            sys.stdout.write(whole(config_name) if ALL in words else short(template(config_name)))
            sys.exit(0)
        words, chose = looked(words, config_name)
        words, old = renamed(words)
        sys.stderr.writelines(f"warning: {said}\n" for said in old)
        sys.argv[1:] = taken(
            words,
            places,
            partial(compose, config_name),
            [path.name for path in CONF.iterdir() if path.is_dir()],
        )
        hydra.main(version_base=None, config_path=str(CONF), config_name=config_name)(
            lambda cfg: codes.append(run(cfg))
        )()
    except (HydraException, OmegaConfBaseException) as problem:
        codes.append(_failed(2, f"configuration: {_short(problem)}{_nearest(str(problem), config_name)}"))
    except WordsError as problem:
        codes.append(_failed(2, str(problem)))
    # Hydra's `job_logging` writes to the stderr of now, which may be gone in what a notebook or a test runs
    # next
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
    sys.exit(codes[0] if codes else 0)


def begun(config_name: str, places: Sequence[str], body: Callable[[DictConfig], int], cfg: DictConfig) -> int:
    """Run the body of a job with a composed configuration, if every value of it can be; gives the exit code,
    expected errors told in a sentence.
    """
    return _ended(partial(_placed, body, config_name, places), cfg)


def looked(words: list[str], config_name: str) -> tuple[list[str], str]:
    """The words of a job with the preset that fits this machine in the place of `auto`, and a line that says
    so.
    """
    raw: Any = OmegaConf.to_container(OmegaConf.load(CONF / f"{config_name}.yaml"), resolve=False)
    given = [word for word in words if word.startswith("preset=")]
    if (
        given not in ([], [AUTO])
        or {"preset": "auto"} not in raw["defaults"]
        or {"--help", "--multirun", "-m", "--cfg", "-c", "--info"} & {*words}
    ):
        return words, ""
    have, elsewhere = cards(), any(word.startswith(("cluster=ray", "cluster.address=")) for word in words)
    count = len(have)
    name = "cluster" if elsewhere or count > 1 else "one_gpu" if count else "laptop"
    found = "a cluster" if elsewhere else f"{count or 'no'} GPU{'s' * (count > 1)}, {machine().cpus:g} CPUs"
    chosen = [*(word for word in words if word != AUTO), f"preset={name}"]
    if count and not elsewhere and not any(word.startswith("placement.share=") for word in words):
        each = -(-int(machine().cpus) // count)
        share = max(1, min(each, _MOST_SHARE, round(min(have) / _OF_CARD)))
        chosen.append(f"placement.share={share}")
        found += f", {share} worker{'s' * (share > 1)} to a GPU at most"
    return chosen, f"preset={name}: {found}\n"


def _placed(
    body: Callable[[DictConfig], int], config_name: str, places: Sequence[str], cfg: DictConfig
) -> int:
    """The body of a job; what it asks for and nobody gave is told with the other words that lack."""
    try:
        check(renewed(cfg), config_name)
        return body(cfg)
    except (MissingMandatoryValue, InterpolationToMissingValueError):
        if not (lost := lacking(cfg, places)):
            raise
        words = " ".join(key.rstrip("=").rpartition(".")[2].upper() for key in places)
        wanted = f"{' and '.join(lost)} {'is' if len(lost) == 1 else 'are'} missing"
        raise ConfigError(f"{wanted}: animelayers {config_name} {words}, or {lost[0]}=…") from None


def _ended(body: Callable[[DictConfig], int], cfg: DictConfig) -> int:
    """The exit code of a job's body, expected errors told in a sentence."""
    try:
        with interruptible():
            return body(cfg)
    except OmegaConfBaseException as problem:
        return _failed(2, f"configuration: {_short(problem)}")
    except (ConfigError, PipelineError, WeightsError, Changed) as problem:
        return _failed(2, str(problem))
    except (SinkError, StartError) as problem:
        return _failed(1, str(problem))
    except KeyboardInterrupt:
        return _failed(130, "interrupted: what is committed stays; run the same command again to go on")


def _terminated(*_: Any) -> None:
    print("terminated: what is committed stays; run the same command again to go on", file=sys.stderr)
    sys.exit(143)


def _failed(code: int, message: str) -> int:
    print(f"error: {without_keys(message)}", file=sys.stderr)
    return code


def _short(problem: Exception) -> str:
    if isinstance(problem, MissingConfigException) and problem.missing_cfg_file and problem.options:
        group, _, name = problem.missing_cfg_file.rpartition("/")
        return f"{group}={name} is no choice; {nearest(name, list(problem.options))}"
    lines = [
        line.strip() for line in str(problem).splitlines() if line.strip() and "object_type=" not in line
    ]
    return " ".join(lines)


def _nearest(message: str, config_name: str) -> str:
    """A hint at the right name for a key that is not there."""
    found = re.search(r"(?:Could not override '|full_key: )([\w.@/]+)", message)
    node: Any = compose(config_name) if found else None
    path: list[str] = []
    for part in found[1].split(".") if found else ():
        if not isinstance(node, DictConfig):
            break
        names = [str(key) for key in node]
        if part not in names:
            near = difflib.get_close_matches(part, names, 1, 0.5)
            return (
                f"; did you mean '{'.'.join([*path, near[0]])}'?"
                if near
                else f"; there is: {', '.join(names)}"
            )
        path.append(part)
        node = node[part] if not OmegaConf.is_missing(node, part) else None
    return ""
