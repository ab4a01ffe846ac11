"""Who is who against a truth set: whether the same name is the same person, and whether a crop's mask is
hers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import cv2
import numpy as np
from scipy.optimize import linear_sum_assignment

from animelayers.curate.execute import Stored
from animelayers.curate.identity import UNKNOWN
from animelayers.curate.strategies.person import Person
from animelayers.curate.tracklets import members
from animelayers.dataset.output import Output
from animelayers.exports.rows import listed
from animelayers.quality.board import DRAWS
from animelayers.quality.candidate import Candidate
from animelayers.quality.truth_set import TruthSet

_LEAST = 0.004  # of the frame: a figure that is smaller is nobody one would train on
_MATCH = 0.5  # IoU from which a found figure is a true one
_SIDES, _ENLARGE = (512, 256, 128), 4.0  # crops of any size are looked at
_MOST = 4  # drawings of a shot and a person that are cropped


class Figure(NamedTuple):
    """A figure of a drawing as an output has it: its film and ``track``, what it is called, and who it is, ''
    for nobody of the truth.
    """

    film: str
    track: str
    called: str
    who: str


class Crop(NamedTuple):
    """A training picture of somebody: its film, frame, who she is, and the IoU of its mask with hers, and
    with that of whoever it shows best (``any``); why there is none, with NaN."""

    film: str
    frame: str
    who: str
    iou: float
    any: float
    why: str = ""


class Estimate(NamedTuple):
    """A mean or a share, the interval in which 95 of 100 lie of as many films drawn with replacement, and of
    how many it is.
    """

    value: float
    low: float
    high: float
    n: int


class Who(NamedTuple):
    """``figures``: the board by name: precision, recall, f1 (of pairs of tracks), pure (share of a track's
    figures that are the one it mostly is), crop_iou (of a crop's mask with her of that name), mask_iou (with
    whoever is in it). ``tracks``, ``strange`` (tracks of nobody), ``missed`` (true figures nobody was found
    for), ``left_out`` (crops, by reason); ``mixed``: names given to several, with who they are by number of
    tracks; ``crops``: the worst first."""

    figures: Mapping[str, Estimate]
    tracks: int
    strange: int
    missed: int
    left_out: Mapping[str, int]
    mixed: Mapping[str, Mapping[str, int]]
    crops: Sequence[Crop]


def who(truth: TruthSet, output: Output, seed: int = 0) -> Who:
    """Compare an output of a truth set's films in which it was told who is who (column ``characters``) with
    that set.

    Pairs are of tracks, a figure of a shot: of two that are called the same, the share that are (precision);
    of two that are the same, the share that are called so (recall). Raises ValueError for a set without
    people's names, and for an output nobody is named in.
    """
    if "characters" not in truth.output.table.column_names:
        raise ValueError(f"{truth.output.path} does not tell who its figures are: compose it again")
    if "characters" not in output.table.column_names:
        raise ValueError(f"{output.path} does not tell who is who: run animelayers cluster_characters first")
    seen, missed = _figures(truth, output)
    tracks: dict[str, list[Figure]] = {}
    for figure in seen:
        tracks.setdefault(figure.track, []).append(figure)
    known = {
        track: Counter(f.who for f in own if f.who).most_common(1)[0][0]
        for track, own in tracks.items()
        if any(f.who for f in own)
    }
    called = {track: Counter(f.called for f in own).most_common(1)[0][0] for track, own in tracks.items()}
    named: dict[str, Counter[str]] = {}
    for track, person in known.items():
        if called[track] != UNKNOWN:
            named.setdefault(called[track], Counter())[person] += 1
    films = [tracks[track][0].film for track in known]
    figures = _paired(list(known.values()), [called[track] for track in known], films, seed)
    pure = [float(np.mean([f.who == known[track] for f in tracks[track] if f.who])) for track in known]
    figures["pure"] = _mean(pure, films, seed)
    crops = sorted(
        _crops(truth, output, {name: people.most_common(1)[0][0] for name, people in named.items()}),
        key=lambda crop: crop.iou,
    )
    made = [crop for crop in crops if not crop.why]
    figures["crop_iou"] = _mean([crop.iou for crop in made], [crop.film for crop in made], seed)
    figures["mask_iou"] = _mean([crop.any for crop in made], [crop.film for crop in made], seed)
    left = Counter(crop.why for crop in crops if crop.why)
    mixed = {name: dict(people) for name, people in named.items() if len(people) > 1}
    return Who(figures, len(known), len(tracks) - len(known), missed, dict(left.most_common()), mixed, made)


def described(found: Who) -> str:
    """The figures as a Markdown table, and what is left to say in a line each."""
    lines = ["| who is who | | 95 of 100 | n |", "| --- | --- | --- | --- |"]
    lines += [
        f"| {_TITLES[name]} | {f.value:.3f} | {f.low:.3f} to {f.high:.3f} | {f.n} |"
        for name, f in found.figures.items()
    ]
    lines += [
        "",
        f"{found.tracks} tracks of somebody, {found.strange} of nobody; {found.missed} figures of drawings were not found",
    ]
    left = ", ".join(f"{number} {why}" for why, number in found.left_out.items())
    lines += [f"no crop: {left}"] * bool(left)
    lines += [
        f"{name} is {', '.join(f'{who} ({number})' for who, number in people.items())}"
        for name, people in found.mixed.items()
    ]
    return "\n".join(lines)


def plain(found: Who) -> dict[str, Any]:
    """The same as plain dictionaries and lists, for JSON."""
    figures = {name: figure._asdict() for name, figure in found.figures.items()}
    return {**found._asdict(), "figures": figures, "crops": [crop._asdict() for crop in found.crops]}


_TITLES = {
    "precision": "precision of pairs", "recall": "recall of pairs", "f1": "pairwise F1", "pure": "tracks that are one person",
    "crop_iou": "IoU of a crop's mask with hers", "mask_iou": "IoU of a crop's mask with whoever is in it",
}  # fmt: skip


def _figures(truth: TruthSet, output: Output) -> tuple[list[Figure], int]:
    """The figures of all drawings with who they are, and how many of the truth nobody was found for."""
    found, made, missed = Candidate(output), list[Figure](), 0
    inside = {row["frame_id"]: tracks for row, tracks in members(output.table)}
    for film in dict.fromkeys(shot.film for shot in truth.shots):
        for t, row in found.film(film).items():
            true = truth.row(film, t)
            if row["drawing_of"] is not None or true is None:
                continue
            people, own = _true(truth, true), _labels(output, row)
            own = cv2.resize(own, people.labels.shape[::-1], interpolation=cv2.INTER_NEAREST)
            ids, called = (
                listed("instance_ids", row["instance_ids"] or "none"),
                listed("characters", row["characters"] or "none"),
            )
            shares = np.array(
                [[_iou(own == number, people.labels == k) for k in people.names] for number in ids]
            ).reshape(len(ids), len(people.names))
            pairs = [
                (a, b) for a, b in zip(*linear_sum_assignment(-shares), strict=True) if shares[a, b] >= _MATCH
            ]
            names, of = list(people.names.values()), dict(pairs)
            missed += len(names) - len(pairs)
            tracks = inside[row["frame_id"]]
            made += [
                Figure(film, tracks[a], called[a], names[of[a]] if a in of else "") for a in range(len(ids))
            ]
    return made, missed


class _True(NamedTuple):
    labels: np.ndarray
    names: dict[int, str]


def _true(truth: TruthSet, row: Mapping[str, Any]) -> _True:
    """Who is where in a frame of the truth; figures that hardly show are left out."""
    shape = (int(row["height"]), int(row["width"]))
    labels = (
        truth.output.picture(dict(row), "instances")
        if row.get("instances_file")
        else np.zeros(shape, np.uint8)
    )
    people = zip(
        listed("instance_ids", row["instance_ids"] or "none"),
        listed("characters", row["characters"] or "none"),
        strict=True,
    )
    return _True(labels, {k: name for k, name in people if np.mean(labels == k) >= _LEAST})


def _labels(output: Output, row: Mapping[str, Any]) -> np.ndarray:
    """Who is where in a frame of an output, uint8 (H, W)."""
    if row.get("instances_file"):
        return output.picture(dict(row), "instances")
    ids = listed("instance_ids", row["instance_ids"] or "none")
    alpha = (
        output.picture(dict(row), "character")[..., 3]
        if row.get("character_file")
        else np.zeros((row["height"], row["width"]), np.uint8)
    )
    return np.where(alpha > 127, np.uint8(ids[0] if ids else 0), np.uint8(0))


def _crops(truth: TruthSet, output: Output, people: Mapping[str, str]) -> Iterator[Crop]:
    """Training pictures of everybody who has a name, `_MOST` drawings of a shot each."""
    found = Candidate(output)
    for name, person in people.items():
        strategy = Person(name=name, resolutions=_SIDES, enlarge=_ENLARGE, generate_captions=False)
        for film in dict.fromkeys(shot.film for shot in truth.shots):
            made = Counter[str]()
            for t, row in found.film(film).items():
                true = truth.row(film, t)
                if (
                    row["drawing_of"] is not None
                    or true is None
                    or name not in listed("characters", row["characters"] or "none")
                ):
                    continue
                made[row["scene_id"]] += 1
                if made[row["scene_id"]] <= _MOST:
                    yield _crop(truth, output, strategy, person, film, row, true)


def _crop(
    truth: TruthSet,
    output: Output,
    strategy: Person,
    who: str,
    film: str,
    row: dict[str, Any],
    true: Mapping[str, Any],
) -> Crop:
    try:
        made = strategy(Stored(output, row), row)[0]
    except ValueError as problem:
        return Crop(
            film,
            row["frame_id"],
            who,
            float("nan"),
            float("nan"),
            str(problem).partition(": ")[2].partition(":")[0],
        )
    assert made.mask is not None and made.crop is not None
    people = _true(truth, true)
    x, y, w, h = made.crop
    ious = {}
    for number, name in people.names.items():
        hers = cv2.resize(
            (people.labels == number) * np.uint8(255),
            (row["width"], row["height"]),
            interpolation=cv2.INTER_LINEAR,
        )
        hers = cv2.resize(hers[y : y + h, x : x + w], made.mask.shape[::-1], interpolation=cv2.INTER_AREA)
        ious[name] = _iou(made.mask > 127, hers > 127)
    return Crop(film, row["frame_id"], who, ious.get(who, 0.0), max(ious.values(), default=0.0))


def _iou(one: np.ndarray, other: np.ndarray) -> float:
    both, either = np.count_nonzero(one & other), np.count_nonzero(one | other)
    return both / either if either else 0.0


def _paired(
    who: Sequence[str], called: Sequence[str], films: Sequence[str], seed: int
) -> dict[str, Estimate]:
    """Precision, recall and their harmonic mean over pairs of tracks. Unknown ones are like nobody."""
    names = np.array([f"{UNKNOWN} {i}" if name == UNKNOWN else name for i, name in enumerate(called)], str)
    persons, film = np.array(who, str), np.unique(np.array(films, str), return_inverse=True)[1]
    a, b = np.triu_indices(len(persons), 1)
    same, said = persons[a] == persons[b], names[a] == names[b]
    draws = _draws(film, seed)
    weight = draws[:, film[a]] * draws[:, film[b]] if len(a) else np.zeros((len(draws), 0))
    hit, claimed, there = (weight @ each.astype(float) for each in (same & said, said, same))
    with np.errstate(invalid="ignore"):
        ways = {"precision": hit / claimed, "recall": hit / there, "f1": 2 * hit / (claimed + there)}
    counts = {"precision": int(said.sum()), "recall": int(same.sum()), "f1": int((same | said).sum())}
    return {name: _estimate(values, counts[name]) for name, values in ways.items()}


def _mean(values: Sequence[float], films: Sequence[str], seed: int) -> Estimate:
    film = np.unique(np.array(films, str), return_inverse=True)[1]
    weight = _draws(film, seed)[:, film] if len(film) else np.zeros((1, 0))
    with np.errstate(invalid="ignore"):
        return _estimate(weight @ np.array(values, float) / weight.sum(1), len(values))


def _draws(film: np.ndarray, seed: int) -> np.ndarray:
    """How often each film is drawn, float64 (1 + DRAWS, films): once as they are, then with replacement."""
    count = int(film.max(initial=-1)) + 1
    if not count:
        return np.ones((1, 0))
    drawn = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), DRAWS)
    return np.vstack([np.ones(count), drawn]).astype(float)


def _estimate(values: np.ndarray, n: int) -> Estimate:
    """The first of the values, and how far the others spread."""
    rest = values[1:][np.isfinite(values[1:])]
    low, high = np.percentile(rest, [2.5, 97.5]) if len(rest) else (np.nan, np.nan)
    return Estimate(float(values[0]), float(low), float(high), n)
