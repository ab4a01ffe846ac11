"""Whether a trainer would read an exported folder as it is meant, by the rules its documentation gives."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from PIL import Image

_LONGEST = 225  # tokens sd-scripts' encoders take with max_token_length=225; a word is one or more
_SMALLEST = 256  # pixels: min_bucket_reso of sd-scripts, under which a picture is enlarged


@dataclass
class Checked:
    """What a trainer finds: ``pictures``, ``steps`` (pictures times repeats, of an epoch), captions by
    picture, and ``problems`` in words.
    """

    pictures: int = 0
    steps: int = 0
    captions: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def check(folder: str, form: str) -> Checked:
    """Read an exported folder as a trainer of `FORMS` does. Raises ValueError for another form."""
    if form not in FORMS:
        raise ValueError(f"{form} is none of {', '.join(FORMS)}")
    found = Checked()
    for place, repeats, masks, alpha in FORMS[form](Path(folder), found):
        _folder(place, repeats, masks, alpha, found)
    if not found.pictures and not found.problems:
        found.problems.append(f"{folder} holds no pictures")
    return found


_Subset = tuple[Path, int, Callable[[Path], Path] | None, bool]


def _kohya(home: Path, found: Checked) -> Iterator[_Subset]:
    """dataset.toml of sd-scripts: subsets with image_dir, num_repeats, and a mask by alpha or by
    conditioning_data_dir, never both.
    """
    for dataset in _toml(home / "dataset.toml", found).get("datasets", []):
        for subset in dataset.get("subsets", []):
            masks = Path(subset["conditioning_data_dir"]) if "conditioning_data_dir" in subset else None
            if masks and subset.get("alpha_mask"):
                found.problems.append(
                    f"{subset['image_dir']}: alpha_mask and conditioning_data_dir exclude each other"
                )
            by = None if masks is None else (lambda path, masks=masks: home / masks / path.name)
            yield (
                home / subset["image_dir"],
                int(subset.get("num_repeats", 1)),
                by,
                bool(subset.get("alpha_mask")),
            )


def _musubi(home: Path, found: Checked) -> Iterator[_Subset]:
    """dataset.toml of musubi-tuner: a folder and a cache of its own for each dataset; alpha is dropped."""
    datasets = _toml(home / "dataset.toml", found).get("datasets", [])
    caches = [dataset.get("cache_directory") for dataset in datasets]
    if len({*caches}) < len(caches):
        found.problems.append("two datasets share a cache_directory")
    for dataset in datasets:
        yield home / dataset["image_directory"], int(dataset.get("num_repeats", 1)), None, False


def _onetrainer(home: Path, found: Checked) -> Iterator[_Subset]:
    """A folder per concept, with NAME-masklabel.png beside NAME.png."""
    for place in sorted(path for path in home.iterdir() if path.is_dir()):
        masked = any(place.glob("*-masklabel.png"))
        yield place, 1, (lambda path: path.with_name(f"{path.stem}-masklabel.png")) if masked else None, False


def _aitoolkit(home: Path, found: Checked) -> Iterator[_Subset]:
    """datasets.yaml: folder_path, mask_path or alpha_mask."""
    datasets = yaml.safe_load((home / "datasets.yaml").read_text(encoding="utf-8"))["datasets"]
    for dataset in datasets:
        masks = dataset.get("mask_path")
        by = None if masks is None else (lambda path, masks=masks: home / masks / path.name)
        yield (
            home / dataset["folder_path"],
            int(dataset.get("num_repeats", 1)),
            by,
            bool(dataset.get("alpha_mask")),
        )


FORMS: Mapping[str, Callable[[Path, Checked], Iterator[_Subset]]] = {
    "kohya": _kohya, "musubi": _musubi, "onetrainer": _onetrainer, "aitoolkit": _aitoolkit,
}  # fmt: skip
"""Trainers whose rules are known."""


def _toml(path: Path, found: Checked) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as problem:
        found.problems.append(f"{path.name} cannot be read: {problem}")
        return {}


def _folder(
    place: Path, repeats: int, masks: Callable[[Path], Path] | None, alpha: bool, found: Checked
) -> None:
    pictures = (
        sorted(path for path in place.glob("*.png") if not path.stem.endswith("-masklabel"))
        if place.is_dir()
        else []
    )
    if not pictures:
        found.problems.append(f"{place} is no folder with pictures")
    silent, small, long = 0, 0, 0
    for path in pictures:
        found.pictures, found.steps = found.pictures + 1, found.steps + repeats
        text = path.with_suffix(".txt")
        said = text.read_text(encoding="utf-8").strip() if text.is_file() else ""
        found.captions[str(path)] = said
        silent += not said
        long += len(said.replace(",", " , ").split()) > _LONGEST
        with Image.open(path) as picture:
            size, mode = picture.size, picture.mode
            # without alpha all of it trains
            black = alpha and mode == "RGBA" and not picture.getchannel("A").getextrema()[1]
        small += max(size) < _SMALLEST
        found.problems += [f"the alpha of {path.name} is 0 all over: nothing of it trains"] * black
        if masks is not None:
            found.problems += _mask(path, masks(path), size)
    name = place.name
    found.problems += [f"{silent} pictures of {name} have no caption"] * bool(silent)
    found.problems += [f"{small} pictures of {name} are smaller than {_SMALLEST} pixels"] * bool(small)
    found.problems += [
        f"{long} captions of {name} are longer than an encoder takes ({_LONGEST} words)"
    ] * bool(long)


def _mask(path: Path, mask: Path, size: tuple[int, int]) -> Iterator[str]:
    if not mask.is_file():
        yield f"{path.name} has no mask {mask.name}"
        return
    with Image.open(mask) as picture:
        if picture.size != size:
            yield f"the mask of {path.name} is {picture.size}, the picture {size}"
        elif not picture.convert("L").getextrema()[1]:
            yield f"the mask of {path.name} is black: nothing of it trains"
