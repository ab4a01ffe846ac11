"""One training folder from the strategies' outputs. `animelayers merge_strategies --help` tells how."""

from __future__ import annotations

import animelayers.early  # noqa: F401  (before what takes long)

# isort: split
import json
import shutil
from collections import Counter
from pathlib import Path

import cv2
from omegaconf import DictConfig
from tqdm import tqdm

from animelayers import job
from animelayers.balance import repeats
from animelayers.curate.merge import Picture, duplicates, looks, named, parsed
from animelayers.exports.kohya import CONFIG, Subset, configuration
from animelayers.imaging import codecs
from animelayers.sources.listing import PICTURES
from animelayers.sources.names import natural


def merge_strategies(cfg: DictConfig) -> int:
    """List, compare, copy, report."""
    if cfg.layout not in ("flat", "kohya"):
        raise job.ConfigError(f"layout={cfg.layout} is unknown: flat or kohya")
    listed = _listed(Path(cfg.curated))
    seen: list[tuple[Picture, Path, int]] = []
    clear = set[Path]()
    broken: dict[str, str] = {}
    for picture, file in tqdm(listed, unit="picture", desc="looking", disable=None):
        try:
            pixels = codecs.decode(file.read_bytes())
            seen.append((picture, file, looks(pixels)))
            clear |= {file} if pixels.shape[2:] == (4,) else set()
        except (ValueError, OSError, cv2.error) as problem:
            broken[str(file)] = " ".join(str(problem).split())
    try:
        twice = duplicates([picture for picture, _, _ in seen], [bits for _, _, bits in seen], cfg.distance)
        kept = [each for place, each in enumerate(seen) if place not in twice]
        concepts = [str(cfg.concepts.get(picture.concept, picture.concept)) for picture, _, _ in kept]
        counts = Counter(concepts)
        shown = repeats(counts, cfg.max_repeats)
    except ValueError as problem:
        raise job.ConfigError(str(problem)) from None
    output = Path(cfg.output)
    names = named(picture for picture, _, _ in kept)
    for (_, file, _), name, concept in zip(kept, names, concepts, strict=True):
        folder = output / f"{shown[concept]}_{concept}" if cfg.layout == "kohya" else output
        _copy(file, folder, name)
    said = {
        "pictures": len(kept),
        "concepts": {concept: {"pictures": counts[concept], "repeats": shown[concept]} for concept in sorted(counts)},
        "duplicates": {str(seen[gone][1]): str(seen[stays][1]) for gone, stays in twice.items()},
        "failed": broken,
    }
    output.mkdir(parents=True, exist_ok=True)
    if cfg.layout == "kohya":
        cut = {concept for (_, file, _), concept in zip(kept, concepts, strict=True) if file in clear}
        subsets = [Subset(f"{shown[concept]}_{concept}", concept, shown[concept], concept in cut) for concept in sorted(counts)]
        (output / CONFIG).write_text(configuration(subsets), encoding="utf-8")
    (output / "merge.json").write_text(json.dumps(said, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{len(kept)} pictures in {output}; {len(twice)} looked like another one, {len(broken)} failed: see merge.json")
    return 1 if not kept else 3 if broken else 0


def _listed(curated: Path) -> list[tuple[Picture, Path]]:
    """The training pictures of all strategies, in natural order."""
    if not curated.is_dir():
        raise job.ConfigError(f"curated={curated} is no folder")
    found = []
    for folder in sorted(curated.glob("*/images")):
        files = [file for file in folder.rglob("*") if file.suffix.lower().encode() in PICTURES]
        for file in sorted(files, key=lambda file: natural(file.relative_to(folder).as_posix().encode(errors="surrogateescape"))):
            name = file.relative_to(folder).with_suffix("").as_posix().replace("/", "-")
            found.append((parsed(name, folder.parent.name), file))
    if not found:
        raise job.ConfigError(f"curated={curated} holds no STRATEGY/images/: give the folder animelayers curate wrote into")
    return [(picture, file) for picture, file in found if picture.trains]


def _copy(file: Path, folder: Path, name: str) -> None:
    """The picture and its caption, under a name; what is already there with the same size stays."""
    images = next(parent for parent in file.parents if parent.name == "images")
    caption = images.parent / "captions" / file.relative_to(images).with_suffix(".txt")
    folder.mkdir(parents=True, exist_ok=True)
    for source, there in ((file, folder / f"{name}{file.suffix}"), (caption, folder / f"{name}.txt")):
        if source.is_file() and not (there.is_file() and there.stat().st_size == source.stat().st_size):
            part = there.with_name(f".{there.name}.part")
            shutil.copyfile(source, part)
            part.replace(there)


if __name__ == "__main__":
    job.launch("merge_strategies", merge_strategies, "curated", "output")
