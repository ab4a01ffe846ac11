"""What a run did, and how long it took."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass
class Summary:
    """What a run did. Times are seconds; `stages` maps a stage to the seconds all its workers spent in it,
    `lost` clips whose files were gone or cut short, and how, `fallbacks` a reason why another inpainter than
    the one asked for filled a background to the frames of the output for which it holds, `left_out` what lies
    under the input and is no part of it, each entry with the reason. `inputs` had clips to do; `groups` are
    the stages that share workers; `expected` frames/s is what the first clips promised.
    """

    output: str
    frames_planned: int = 0
    frames_before: int = 0
    frames_done: int = 0
    clips_done: int = 0
    failures: list[dict[str, str]] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    lost: dict[str, str] = field(default_factory=dict)
    removed: dict[str, str] = field(default_factory=dict)
    swept: int = 0
    seconds: float = 0
    start_seconds: float = 0
    stages: dict[str, float] = field(default_factory=dict)
    workers: dict[str, int] = field(default_factory=dict)
    spilled: int = 0
    fallbacks: dict[str, int] = field(default_factory=dict)
    left_out: list[dict[str, str]] = field(default_factory=list)
    inputs: int = 0
    groups: list[list[str]] = field(default_factory=list)
    expected: float = 0

    @property
    def bound(self) -> tuple[str, float]:
        """The stages whose workers have most to do, and the frames/s that they alone allow; of nothing 0."""
        return bound_of(self.groups, self.stages, self.workers, self.frames_done)

    @property
    def exit_code(self) -> int:
        """0 all frames done, 3 some inputs failed, 1 nothing could be done."""
        if not self.failures:
            return 0 if self.frames_planned else 1
        return 3 if self.frames_before + self.frames_done else 1


def bound_of(
    groups: Sequence[Sequence[str]], spent: Mapping[str, float], workers: Mapping[str, int], frames: int
) -> tuple[str, float]:
    """The stages that share workers and have most to do, and the frames/s these allow by the seconds they
    `spent` on some frames.
    """
    each = {
        "+".join(group): sum(spent.get(stage, 0) for stage in group) / max(1, workers.get(group[-1], 1))
        for group in groups
    }
    slowest = max(each, key=each.__getitem__, default="")
    return (slowest, frames / each[slowest]) if slowest and each[slowest] > 0 else ("", 0.0)
