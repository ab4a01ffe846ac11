"""Folders and the dataset part of a configuration for ai-toolkit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import yaml

from animelayers.dataset.output import Output
from animelayers.exports.base import Piece
from animelayers.exports.kohya import checked, placed
from animelayers.exports.training import Files, Masked, Sample
from animelayers.options import Share, Size

CONFIG = "datasets.yaml"


@dataclass(frozen=True, kw_only=True)
class AiToolkit(Masked):
    """images/CONCEPT/NAME.png and NAME.txt, and datasets.yaml, to be put into a configuration under process.

    ``mask``: alpha (`alpha_mask: true`), files (masks/CONCEPT/NAME.png as `mask_path`, white weighs more) or
    none. ``mask_min_value`` 0..1: what black in a mask still weighs. ``resolution``: the sizes it trains at.
    ``paths``: of datasets.yaml, absolute, or relative to the folder.
    """

    mask_min_value: Share = 0.0
    resolution: Size = (768, 1024)
    paths: Literal["absolute", "relative"] = "absolute"

    def __post_init__(self) -> None:
        """Raises ValueError for options that do not go together."""
        if self.mask not in ("alpha", "files", "none") or not 0 <= self.mask_min_value <= 1:
            raise ValueError("export.mask is alpha, files or none, export.mask_min_value 0..1")
        for side in self.resolution:
            checked(side, 1, self.paths)
        super().__post_init__()

    def files(self, sample: Sample) -> Files:
        """Picture and caption in the concept's folder, the mask under the same name in another."""
        name = f"{sample.concept}/{sample.name}"
        return Files(
            f"images/{name}.png",
            f"images/{name}.txt" if sample.caption else "",
            f"masks/{name}.png" if self.mask == "files" else "",
        )

    def index(self, output: Output, folder: str) -> Iterator[Piece]:
        """datasets.yaml."""
        yield Piece((CONFIG,), partial(self._config, output, "" if self.paths == "relative" else folder), 0)

    def _config(self, output: Output, home: str) -> dict[str, bytes]:
        masked: dict[str, Any] = {} if self.mask == "none" else {"mask_min_value": self.mask_min_value}
        datasets = []
        for concept, repeats in self.concepts(output).items():
            own = (
                {"alpha_mask": True}
                if self.mask == "alpha"
                else {"mask_path": placed(home, f"masks/{concept}")}
                if self.mask == "files"
                else {}
            )
            datasets.append(
                {
                    "folder_path": placed(home, f"images/{concept}"),
                    "caption_ext": "txt",
                    "num_repeats": repeats,
                    "resolution": [*self.resolution],
                }
                | {"buckets": True, **own, **masked}  # masks work only in buckets
            )
        return {CONFIG: yaml.safe_dump({"datasets": datasets}, allow_unicode=True, sort_keys=False).encode()}
