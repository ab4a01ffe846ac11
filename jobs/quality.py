"""The main job measured on drawn scenes with known layers. `python jobs/quality.py --help` tells how."""

from __future__ import annotations

import sys
from pathlib import Path

from decompose import decompose
from omegaconf import DictConfig

from animelayers import job
from animelayers.samples import SCENES, scene, write
from animelayers.samples.score import markdown, score


def quality(cfg: DictConfig) -> int:
    """Draw, decompose, score, print."""
    unknown = [name for name in cfg.scenes if name not in SCENES]
    if unknown:
        raise job.ConfigError(f"scenes={unknown}: there is {', '.join(SCENES)}")
    folder = Path(cfg.output)
    for name in cfg.scenes:
        shot = scene(name, cfg.frames, (cfg.size[0], cfg.size[1]))
        write([shot], name, folder / "input", folder / "truth" / name, cfg.form)
    places = [f"source.path={folder / 'input'}", f"output={folder / 'layers'}"]
    code = decompose(job.compose("decompose", [*places, *cfg.decompose]))
    sys.stdout.write(markdown(score(folder / "truth", folder / "input", str(folder / "layers"))) + "\n")
    return code


if __name__ == "__main__":
    job.launch("quality", quality)
