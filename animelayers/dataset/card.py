"""The card of an output: a README.md in the form of dataset cards on the model hub, with everything that
touched the data.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow.compute as pc

from animelayers.dataset.output import Output, Spread
from animelayers.sinks import dataset
from animelayers.sinks.store import Store

FILE = "README.md"

_HEAD = """---
license: other
license_name: that-of-the-inputs
tags:
- animation
- layers
- animelayers
configs:
- config_name: default
  data_files: metadata/*.parquet
---
"""


def write(output: Output, spread: Spread = map) -> None:
    """Write OUT/README.md. Raises `SinkError` where it cannot be written."""
    store = Store(output.path)
    store.put(FILE, "card", card(output, dataset.description(store)).encode())


def card(output: Output, facts: Mapping[str, Any]) -> str:
    """The card of an output of which dataset.json says `facts`: front matter, counts, stages, and the models
    with their terms.
    """
    frames = clips = failed = 0
    sources, layers = set[str](), dict[str, None]()
    for part in output.episodes():
        frames, failed, clips = (
            frames + len(part),
            failed + len(part.errors),
            clips + pc.count_distinct(part.table["clip_id"]).as_py(),
        )
        sources.update(part.table["source"].unique().to_pylist())
        layers |= dict.fromkeys(part.layers)
    counts = [f"{frames:,} frames in {clips:,} clips of {len(sources):,} inputs"]
    counts += [f"{failed:,} clips failed"] if failed else []
    stages = [name for name in facts.get("fingerprints", {}) if name != "source"]
    models = facts.get("models", [])
    doubtful = sorted(model["name"] for model in models if model["commercial"] != "yes")
    lines = [
        "# Layers of animation",
        "",
        f"{'; '.join(counts)}. Layers: {', '.join(layers)}.",
        "",
        "They are made from the inputs, whose licence holds for them. `dataset.json` has the whole configuration.",
        "",
        f"Stages: {', '.join(stages)}.",
        "",
        "## Models that touched the data",
        "",
        *(_rows(models) if models else ["None with weights."]),
    ]
    if computed := facts.get("computed"):
        lines += [
            "",
            f"Computed in: {'; '.join(f'{stage} {_devices(words)}' for stage, words in sorted(computed.items()))}.",
        ]
    if doubtful:
        lines += ["", f"**Not free for commercial use, or not known to be: {', '.join(doubtful)}.**"]
    return _HEAD + "\n".join(lines) + "\n"


def _devices(words: Iterable[str]) -> str:
    return " and ".join(" on ".join(word.split("@")) for word in words)


def _rows(models: Iterable[Mapping[str, Any]]) -> list[str]:
    """A line per model; outputs of earlier releases do not say a model's role, its page and whether its
    digest was pinned.
    """
    rows = ["| role | model | licence of the weights | commercial use | digest |", "|---|---|---|---|---|"]
    for model in models:
        digest = f"`{model['digest']}`" + (
            ""
            if model.get("pinned", True)
            else " (unpinned: brought by hand, with nothing to compare it with)"
        )
        name = f"[{model['name']}]({model['homepage']})" if "homepage" in model else model["name"]
        rows.append(
            f"| {model.get('role', '')} | {name} | {model['license']} | {model['commercial']} | {digest} |"
        )
    return rows
