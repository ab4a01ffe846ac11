"""Reads a whole output and names what is not as it was written. `animelayers verify --help` tells how."""

from __future__ import annotations

import animelayers.early  # noqa: F401  (before what takes long)

# isort: split
import sys

from omegaconf import DictConfig

from animelayers import job
from animelayers.dataset.verify import mend, sink_of, verify
from animelayers.sinks import Shards, corrections, metadata
from animelayers.sinks.sink import Sink
from animelayers.sinks.store import Store
from animelayers.storage import inside


def check(cfg: DictConfig) -> int:
    """Verify, tell, and mend where that is asked for."""
    codes = [_checked(sink_of(cfg.output), cfg.mend)]
    if metadata.names(Store(inside(str(cfg.output), corrections.FOLDER))):
        sys.stderr.write("what was corrected by hand:\n")
        codes.append(_checked(Shards(f"{cfg.output}/{corrections.FOLDER}"), cfg.mend))
    return max(codes)


def _checked(sink: Sink, wanted: bool) -> int:
    found = verify(sink)
    for line in found.lines():
        sys.stdout.write(f"{line}\n")
    unchecked = (
        f", {found.unchecked} of them of an earlier release, without a checksum" if found.unchecked else ""
    )
    sys.stderr.write(f"{found.layers} layers read, {found.bytes / 1e6:.1f} MB{unchecked}\n")
    if not found:
        sys.stderr.write("all of it is what was written\n")
        return 0
    damaged = f"{len(found.tables)} tables, {len(found.clips)} clips and {len(found.products)} end products are damaged"
    if not wanted:
        sys.stderr.write(
            f"{damaged}; mend=true forgets them, so that the command that made the output makes them again\n"
        )
        return 3
    mend(sink, found)
    sys.stderr.write(f"{damaged} and forgotten: run the command that made the output again\n")
    return 3


if __name__ == "__main__":
    job.launch("verify", check, "output")
