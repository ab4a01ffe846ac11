"""How many clicks a shot takes at the desk, by a simulated user. `animelayers clicks --help` tells how."""

from __future__ import annotations

import sys

from omegaconf import DictConfig

from animelayers import Output, job
from animelayers.desk.clicks import LEVELS, Taken, shots, taken
from animelayers.desk.correct import own_net


def clicks(cfg: DictConfig) -> int:
    """Correct every shot of a truth set as a person would, and print what that takes."""
    if cfg.most < 1:
        raise job.ConfigError(f"most={cfg.most}: at least 1")
    levels = "  ".join(f"spread alone to {level:g}" for level in LEVELS)
    sys.stdout.write(f"shot  drawings  IoU before  {levels}\n")
    found: list[Taken] = []
    for shot in shots(Output(cfg.truth), Output(cfg.output, corrected=False)):
        if not any(plane.any() for plane in shot.true):
            continue
        found.append(taken(shot, own_net(), cfg.most))
        one = found[-1]
        said = "  ".join(
            f"{_described(a, cfg.most)} {_described(b, cfg.most)}"
            for a, b in zip(one.spread, one.alone, strict=True)
        )
        sys.stdout.write(f"{one.shot}  {one.drawings}  {one.before:.3f}  {said}\n")
        sys.stdout.flush()
    if not found:
        sys.stderr.write(
            f"no shot of {cfg.truth} with figures is in {cfg.output}: decompose {cfg.truth}/films first\n"
        )
        return 1
    for at, level in enumerate(LEVELS):
        spread, alone = ([getattr(one, side)[at] for one in found] for side in ("spread", "alone"))
        reached = sum(n is not None for n in spread), sum(n is not None for n in alone)
        means = [sum(cfg.most if n is None else n for n in side) / len(found) for side in (spread, alone)]
        sys.stdout.write(
            f"to {level:g}: {means[0]:.1f} clicks a shot where corrections spread ({reached[0]} of {len(found)} shots reached it), "
            f"{means[1]:.1f} where every drawing is clicked ({reached[1]}); what was not reached counts {cfg.most}\n"
        )
    return 0


def _described(count: int | None, most: int) -> str:
    return f">{most}" if count is None else str(count)


if __name__ == "__main__":
    job.launch("clicks", clicks, "truth", "output")
