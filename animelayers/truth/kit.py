"""Parts from a folder: a kit with its table PARTS.tsv, or a user's own cut-outs and backgrounds."""

from __future__ import annotations

import csv
import hashlib
import re
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from animelayers.truth.part import SPLITS, Cutout

TABLE = "PARTS.tsv"
KINDS = ("figures", "props", "effects", "backgrounds")
PICTURES = (".png", ".webp", ".jpg", ".jpeg", ".avif", ".bmp", ".tif", ".tiff")
FREE = re.compile(
    r"(CC0|CC-BY(-SA)?-\d|MIT|Expat|Apache-2|BSD|ISC|MPL-2|OFL|Unlicense|Zlib|Public[ -]Domain|own|CC-BY-NC(-SA)?-\d|GPL|LGPL|Artistic|WTFPL|FAL)",
    re.I,
)
"""Licences that allow derived works."""
_FORBIDDEN = re.compile(r"(-ND\b|NoDerivat|no derivat)", re.I)
_CUT = 0.6  # share of a picture's side along which a figure has to be opaque to be called cut off there
_KEPT = 24  # parts whose pictures are kept: those of a shot
_ENLARGED = 1.5  # times a background may be enlarged
_FLAT = 0.5  # share of its width along which a person stands on the ground who is cut off there
_ENOUGH = 12  # pixels of the shorter side of anything worth looking at
_GLOWING = ("glow", "light", "aura", "beam", "energy", "lightning", "sparkle", "shockwave", "slash")
_KNOWN = (
    "rain",
    "snow",
    "smoke",
    "fire",
    "explosion",
    "aura",
    "sparkle",
    "petals",
    "beam",
    "lightning",
    "splash",
    "slash",
    "shockwave",
    "energy",
)


class PartsError(ValueError):
    """There is nothing to compose from."""


@dataclass(frozen=True)
class _Files:
    """One part of pictures: a drawing each, all of one size."""

    name: str
    source: str
    split: str
    licence: str
    credit: str
    tags: frozenset[str]
    paths: tuple[Path, ...]

    @property
    def drawings(self) -> tuple[np.ndarray, ...]:
        """Straight RGBA uint8 (H, W, 4) of each, colours carried on under what is transparent."""
        return _read(self.paths)

    @cached_property
    def box(self) -> tuple[int, int, int, int]:
        """x, y, w, h of what all drawings together cover."""
        x, y, w, h = cv2.boundingRect(np.max([d[..., 3] for d in self.drawings], axis=0))
        return int(x), int(y), int(w), int(h)


@dataclass(frozen=True)
class FileFigure(_Files):
    """A figure or prop of pictures: one, a sequence, or several poses of one size."""

    prop: bool = False

    @property
    def actions(self) -> Mapping[str, int]:
        """`still`, and with several drawings `sequence`, or `talk` for poses of one figure."""
        several = (
            {"talk" if "multi-pose" in self.tags else "sequence": len(self.paths)}
            if len(self.paths) > 1
            else {}
        )
        return {"still": 1, **several}

    @cached_property
    def bust(self) -> bool:
        """Whether it is a person cut flat at the lower edge, which has to stand on the frame's border."""
        x, y, w, h = self.box
        foot = np.max([drawing[y + h - 3, x : x + w, 3] for drawing in self.drawings], axis=0)
        return bool(self.tags & {"bust", "head"} or ("person" in self.tags and np.mean(foot > 127) > _FLAT))

    @property
    def native(self) -> int:
        """Its height in pixels as it was drawn."""
        return self.box[3]

    def draw(self, action: str, k: int, height: int) -> Cutout:
        """Drawing `k` of an action, the figure `height` pixels high, pinned at the middle of its lower edge."""
        x, y, w, h = self.box
        picture = self.drawings[0 if action == "still" else k % len(self.drawings)][y : y + h, x : x + w]
        size = (max(1, round(w * height / h)), max(1, height))
        return Cutout(scaled(picture, size), (size[0] / 2, size[1] - 0.5))


@dataclass(frozen=True)
class FileEffect(_Files):
    """An effect of pictures: a sequence, or one that stays."""

    field: bool = False

    @property
    def anchor(self) -> tuple[float, float]:
        """Where in the tile it comes from, in shares of its width and height: fire from its foot."""
        return (0.5, 0.95) if self.kind == "fire" else (0.5, 0.5)

    @property
    def count(self) -> int:
        """Drawings of its life."""
        return len(self.paths)

    @property
    def loops(self) -> bool:
        """Whether the first drawing may follow the last: not where something bursts."""
        return not self.tags & {"explosion", "splash", "shockwave", "slash"}

    @property
    def kind(self) -> str:
        """The first known word among its tags."""
        words = {word for tag in self.tags for word in re.split(r"[ _]", tag)}
        return next((word for word in _KNOWN if word in words), "sprite")

    @property
    def modes(self) -> tuple[str, ...]:
        """Light is added, what is painted covers."""
        glows = any(word in tag for tag in self.tags for word in _GLOWING)
        return (
            ("add", "screen", "over")
            if glows and "dark" not in self.tags
            else ("over", "screen")
            if "soft alpha" in self.tags
            else ("over",)
        )

    def draw(self, k: int, size: tuple[int, int], seed: int) -> np.ndarray:
        """Drawing `k`, as large as fits into `size` (width, height), in its middle; `seed` changes nothing."""
        x, y, w, h = self.box
        picture = self.drawings[k % self.count if self.loops else min(k, self.count - 1)][
            y : y + h, x : x + w
        ]
        scale = min(size[0] / w, size[1] / h)
        small = scaled(
            picture, (max(1, min(size[0], round(w * scale))), max(1, min(size[1], round(h * scale))))
        )
        tile = np.zeros((size[1], size[0], 4), np.uint8)
        top, left = (size[1] - small.shape[0]) // 2, (size[0] - small.shape[1]) // 2
        tile[top : top + small.shape[0], left : left + small.shape[1]] = small
        return tile


@dataclass(frozen=True)
class FilePlace(_Files):
    """A painted background; it is cut to the size asked for, never enlarged by more than a half."""

    def planes(self, size: tuple[int, int], seed: int) -> list[np.ndarray]:
        """One opaque plane: the part of the picture that `seed` chooses, nearer its lower edge, where the
        ground is.
        """
        picture, (width, height) = self.drawings[0], size
        rng = np.random.default_rng([seed, zlib.crc32(self.name.encode())])
        least = max(width / picture.shape[1], height / picture.shape[0])
        scale = least * (1 + 0.35 * rng.random()) if least < 1 else least
        w, h = min(picture.shape[1], round(width / scale)), min(picture.shape[0], round(height / scale))
        x = round((picture.shape[1] - w) * rng.random())
        y = round((picture.shape[0] - h) * (0.4 + 0.6 * rng.random()))
        plane = cv2.resize(
            picture[y : y + h, x : x + w],
            size,
            interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC,
        )
        plane[..., 3] = 255
        return [plane]


@dataclass
class Kit:
    """The parts of a folder, and what was left out of it and why. ``parts``: by kind (`KINDS`); ``left_out``:
    a line for each file.
    """

    parts: dict[str, list[FileFigure | FileEffect | FilePlace]] = field(
        default_factory=lambda: {kind: [] for kind in KINDS}
    )
    left_out: list[tuple[str, str]] = field(default_factory=list)

    def reasons(self) -> Counter[str]:
        """How many files were left out for each reason."""
        return Counter(reason for _, reason in self.left_out)

    def told(self, folder: str | Path) -> str:
        """What was left out of the folder, in a line; '' for nothing."""
        said = ", ".join(f"{count} {reason}" for reason, count in self.reasons().most_common())
        return f"{len(self.left_out)} parts of truth.parts={folder} are left out: {said}" if said else ""


def load(folder: str | Path, split: str | None = None) -> Kit:
    """The parts of a folder, of one split or of both.

    With a table PARTS.tsv (columns file, kind, source, licence, credit, tags, split) it says what each part
    is. Without, the folders figures, props, effects and backgrounds hold pictures (one picture a part, or a
    folder of pictures a sequence), each folder below them is a source, one source in five is val, and the
    licence is the user's own. Pictures are opened when they are needed; see `examined`. Raises
    FileNotFoundError for a folder that is not there, ValueError for one without a part, `PartsError` for one of
    which none can be used.
    """
    root = Path(folder)
    if not root.is_dir():
        raise FileNotFoundError(f"truth.parts={folder}: there is no such folder")
    rows = list(_table(root / TABLE)) if (root / TABLE).is_file() else list(_found(root))
    if not rows:
        raise ValueError(f"truth.parts={folder}: neither {TABLE} nor pictures in {', '.join(KINDS)}/ there")
    kit, listed = Kit(), list(_grouped(rows))
    for row in listed:
        reason = _refused(root, row)
        if reason:
            kit.left_out.append((row["file"], reason))
        elif split in (None, row["split"]):
            kit.parts[row["kind"]].append(_part(root, row))
    if len(kit.left_out) == len(listed):
        raise PartsError(f"nothing of it can be used: {kit.told(folder)}")
    return kit


def examined(part: FileFigure | FileEffect | FilePlace, size: tuple[int, int] = (0, 0)) -> str:
    """Why the pictures of a part cannot be used, '' if they can: no alpha, empty, cut off, sizes that differ,
    unreadable, and of backgrounds that they do not fill frames of `size` (width, height)."""
    try:
        drawings = part.drawings
    except (OSError, ValueError, SyntaxError) as problem:
        return f"unreadable ({type(problem).__name__})"
    if len({d.shape for d in drawings}) > 1:
        return "drawings of different sizes"
    if isinstance(part, FilePlace):
        small = any(
            _ENLARGED * have < need for have, need in zip(drawings[0].shape[1::-1], size, strict=True)
        )
        return "smaller than the frame" if small else ""
    alpha = np.max([d[..., 3] for d in drawings], axis=0)
    if int(alpha.min()) > 250:
        return "no alpha"
    if cv2.countNonZero(cv2.threshold(alpha, 127, 255, cv2.THRESH_BINARY)[1]) == 0 and int(alpha.max()) < 40:
        return "empty"
    if min(part.box[2:]) < _ENOUGH:
        return "too small"
    whole = isinstance(part, FileFigure) and not part.prop and "bust" not in part.tags
    if whole and any(float(np.mean(side > 127)) > _CUT for side in (alpha[0], alpha[:, 0], alpha[:, -1])):
        return "cut off"
    return ""


def read(path: Path) -> np.ndarray:
    """A picture as straight RGBA uint8 (H, W, 4). Raises OSError for what is none."""
    with Image.open(path) as picture:
        return np.array(picture.convert("RGBA"))


@lru_cache(maxsize=_KEPT)
def _read(paths: tuple[Path, ...]) -> tuple[np.ndarray, ...]:
    return tuple(bled(read(path)) for path in paths)


def bled(picture: np.ndarray) -> np.ndarray:
    """The picture with its colours carried on a few pixels under what is transparent, so that scaling draws
    no rim.
    """
    alpha = picture[..., 3:].astype(np.float32) / 255
    sums, weight = (cv2.blur(values, (7, 7)) for values in (picture[..., :3] * alpha, alpha[..., 0]))
    beside = np.clip(sums / np.maximum(weight, 1e-3)[..., None], 0, 255).astype(np.uint8)
    return np.asarray(np.dstack([np.where(picture[..., 3:] > 0, picture[..., :3], beside), picture[..., 3]]))


def scaled(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """A picture of straight RGBA whose colours are carried on, at another size (width, height)."""
    smaller = size[0] < picture.shape[1]
    alpha, colour = picture[..., 3].astype(np.float32), picture[..., :3].astype(np.float32)
    how = cv2.INTER_AREA if smaller else cv2.INTER_CUBIC
    share = cv2.resize(alpha, size, interpolation=how)
    light = cv2.resize(colour * (alpha[..., None] / 255), size, interpolation=how)
    plain = cv2.resize(picture[..., :3], size, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR)
    seen = share[..., None] > 8
    straight = np.where(seen, light * 255 / np.maximum(share, 8)[..., None], plain)
    return np.asarray(np.clip(np.rint(np.dstack([straight, share])), 0, 255), np.uint8)


def _table(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            yield {name: (value or "").strip() for name, value in row.items() if name}


def _found(root: Path) -> Iterator[dict[str, str]]:
    for kind in KINDS:
        for path in sorted((root / kind).rglob("*")):
            inside = path.relative_to(root / kind).parts
            sequence = (
                path.is_dir()
                and len(inside) > 1
                and any(p.suffix.lower() in PICTURES for p in path.iterdir())
            )
            picture = path.is_file() and path.suffix.lower() in PICTURES and len(inside) < 3
            if sequence or picture:
                source = inside[0] if len(inside) > 1 else Path(inside[0]).stem
                split = "val" if hashlib.sha256(source.encode()).digest()[0] % 5 == 0 else "train"
                yield {
                    "file": path.relative_to(root).as_posix(),
                    "kind": kind,
                    "source": source,
                    "licence": "own",
                    "credit": "",
                    "tags": "",
                    "split": split,
                }


def _grouped(rows: Sequence[dict[str, str]]) -> Iterator[dict[str, str]]:
    """The rows, those of one figure in several poses of one size as one, its files joined by '|'."""
    poses: dict[tuple[str, ...], dict[str, str]] = {}
    for row in rows:
        size = re.search(r"\d+x\d+", row.get("tags", ""))
        if row.get("kind") != "figures" or "multi-pose" not in row.get("tags", "") or size is None:
            yield row
            continue
        stem = Path(row["file"]).name.split("_")[0].split(".")[0].rstrip("0123456789")
        key = (str(Path(row["file"]).parent), stem, size[0])
        if key in poses:
            poses[key]["file"] += "|" + row["file"]
        else:
            poses[key] = dict(row)
    yield from poses.values()


def _refused(root: Path, row: Mapping[str, str]) -> str:
    if row.get("kind") not in KINDS:
        return f"unknown kind {row.get('kind') or '(none)'}"
    if row.get("split") not in SPLITS:
        return "no split" if not row.get("split") else f"unknown split {row['split']}"
    licence = row.get("licence", "")
    if _FORBIDDEN.search(licence):
        return f"licence {licence} forbids derived works"
    if not FREE.match(licence):
        return f"unknown licence {licence or '(none)'}"
    files = row["file"].split("|")
    inside = all((root / file).resolve().is_relative_to(root.resolve()) for file in files)
    return (
        ""
        if inside and all((root / file).exists() for file in files)
        else "not there"
        if inside
        else "outside the folder"
    )


def _part(root: Path, row: Mapping[str, str]) -> FileFigure | FileEffect | FilePlace:
    files = row["file"].split("|")
    first = root / files[0]
    paths = (
        tuple(sorted(p for p in first.iterdir() if p.suffix.lower() in PICTURES))
        if first.is_dir()
        else tuple(root / file for file in files)
    )
    tags = frozenset(tag.strip() for tag in row.get("tags", "").split(",") if tag.strip())
    hand = Path(files[0]).parts[1] if len(Path(files[0]).parts) > 2 else row["source"]
    facts = (
        str(Path(files[0]).with_suffix("")),
        hand,
        row["split"],
        row["licence"],
        row.get("credit", ""),
        tags,
        paths,
    )
    if row["kind"] == "backgrounds":
        return FilePlace(*facts)
    return FileEffect(*facts) if row["kind"] == "effects" else FileFigure(*facts, prop=row["kind"] == "props")
