"""`python -m animelayers.samples FOLDER` brings the sample input: two short drawn films, and a piece of a
real one.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from animelayers.samples import clip
from animelayers.samples.drawn import scene
from animelayers.samples.files import write
from animelayers.weights import WeightsError

FILMS = {"drawn_day": ("walk", "crossing", "pan"), "drawn_evening": ("standing", "portrait", "empty")}

LIMITS = {"drawn_limits": ("glow", "fire", "impact")}
"""See docs/limits.md."""


def main() -> int:
    """Write what is not there yet; without a network, the drawn films alone."""
    parser = argparse.ArgumentParser(prog="python -m animelayers.samples", description=__doc__)
    parser.add_argument("folder", type=Path, help="where the films go")
    parser.add_argument("--limits", action="store_true", help="a film of what does not go well yet, instead")
    parser.add_argument("--frames", type=int, default=24, help="frames of each drawn shot (24)")
    options = parser.parse_args()
    for name, shots in (LIMITS if options.limits else FILMS).items():
        path = options.folder / f"{name}.mp4"
        if not path.exists():
            write((scene(shot, options.frames) for shot in shots), name, options.folder, form="h264")
        sys.stdout.write(f"{path}\n")
    if options.limits:
        return 0
    try:
        sys.stdout.write(f"{clip.fetch(options.folder)}\n")
    except (WeightsError, ValueError) as problem:
        sys.stderr.write(
            f"the piece of real film is left out, the drawn films are enough to go on: {problem}\n"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
