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
    truth, inputs = Path(cfg.truth or folder / "truth"), Path(cfg.truth or folder / "input")
    if not cfg.truth:
        for name in cfg.scenes:
            shot = scene(name, cfg.frames, (cfg.size[0], cfg.size[1]))
            write([shot], name, inputs, truth / name, cfg.form)
    elif not any(truth.glob("*/truth.json")):
        raise job.ConfigError(f"truth={truth}: no FILM/truth.json there")
    films = [f"source.path={inputs}"] if not cfg.truth else []
    code = 0
    for film in films or [f"source.path={path}" for path in sorted(inputs.iterdir()) if path.is_file() and (truth / path.stem).is_dir()]:
        code = max(code, decompose(job.compose("decompose", [film, f"output={folder / 'layers'}", *cfg.decompose])))
    sys.stdout.write(markdown(score(truth, inputs, str(folder / "layers"))) + "\n")
    return code


if __name__ == "__main__":
    job.launch("quality", quality)
