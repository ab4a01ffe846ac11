"""Exports a finished output for a trainer, a library or an animator. `animelayers export --help` tells how."""

from __future__ import annotations

import animelayers.early  # noqa: F401  (before what takes long)

# isort: split
import sys

from omegaconf import DictConfig
from tqdm import tqdm

from animelayers import job
from animelayers.dataset.output import Output
from animelayers.exports import Exporter


def export(cfg: DictConfig) -> int:
    """Compose, write, tell."""
    output = Output(cfg.source.path)
    try:
        exporter = job.build(cfg.export)
        if not isinstance(exporter, Exporter):
            raise job.ConfigError("export: choose a form with export=NAME (--help shows them)")
        with tqdm(
            total=len(exporter.select.table(output)),
            unit="frame",
            desc="export",
            dynamic_ncols=True,
            disable=None,
        ) as bar:
            written = exporter.write(output, cfg.output, bar.update)
        remarks, notes = list(exporter.remarks(output)), list(exporter.notes(output))
    except ValueError as problem:  # an option that does not fit this output
        raise job.ConfigError(str(problem)) from problem
    sys.stdout.write(
        f"{cfg.output}: {written.files} files of {written.frames} frames; {written.skipped} files were there already\n"
    )
    sys.stderr.writelines(f"note: {note}\n" for note in notes)
    sys.stderr.writelines(f"warning: {remark}\n" for remark in remarks)
    return 1 if not written.frames else 3 if remarks else 0


if __name__ == "__main__":
    job.launch("export", export, "export=", "source.path", "output")
