"""Training of ClickNet: scenes and clicks in, a net that finds what was meant out. It needs torch, NumPy and OpenCV,
and no Ray.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import IterableDataset

from animelayers.models.clicknet import GIVEN, planes
from animelayers.models.layernet import stored as read
from animelayers.models.layernet_net import LayerNet, completed
from animelayers.training import pack
from animelayers.training.loss import layer_loss
from animelayers.training.pointing import Pointed, Scenes, click
from animelayers.training.steps import ahead, follow, shaped
from animelayers.weights import WeightsError

CHECKPOINT = "checkpoint.pt"
_SHAPES = ((1.0, 0.65), (0.79, 0.15), (1.27, 0.1), (0.75, 0.1))  # aspect beside the plan's, and how often
_STEP = 16  # sides of batches are multiples of it
_EVERY, _STORE = 50, 200  # steps between two lines, and two checkpoints
_AGAIN = 0.5  # share of the scenes whose found is the net's own answer, with one click more
_KEPT = 0.7  # of those: how often it is
_WARM = 0.02  # share of the training in which the rate rises
_CLICKS = 3  # that it is judged by


@dataclass(frozen=True)
class Plan:
    """How ClickNet is trained.

    ``samples``: scenes it is shown in all, or what `minutes` give time for; ``batch`` of them at once, of about
    ``size`` (width, height). ``rate``: the highest learning rate, lowered along a cosine; ``encoder``: the
    encoder's share. ``average``: of the moving average of the weights, which is what is kept.
    ``restyle``: share of the drawings in styles that no hand has. ``seed``: of all chances. ``workers``: processes that
    make scenes. Raises ValueError for a number that makes no sense.
    """

    samples: int = 40_000
    minutes: float = math.inf
    batch: int = 10
    size: tuple[int, int] = (256, 144)
    rate: float = 6e-4
    encoder: float = 0.4
    average: float = 0.998
    restyle: float = 0.4
    seed: int = 0
    workers: int = 1

    def __post_init__(self) -> None:
        for name, least in (("samples", 1), ("batch", 1), ("workers", 0)):
            if getattr(self, name) < least:
                raise ValueError(f"plan.{name}={getattr(self, name)}: at least {least}")
        for name in ("minutes", "rate"):
            if not getattr(self, name) > 0:
                raise ValueError(f"plan.{name}={getattr(self, name)}: more than 0")
        for name in ("encoder", "average", "restyle"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"plan.{name}={getattr(self, name)}: a share, 0 to 1")
        if len(self.size) != 2 or min(self.size) < 4 * _STEP:
            raise ValueError(f"plan.size={list(self.size)}: width and height, {4 * _STEP} or more")

    def share(self, done: int, seconds: float) -> float:
        """How much of the training is behind, 0..1, after `done` scenes in `seconds`."""
        return min(1.0, max(done / self.samples, seconds / 60 / self.minutes))

    def lr(self, share: float) -> float:
        """The learning rate there."""
        return (
            self.rate * min(1, share / _WARM + _WARM) * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * share)))
        )


def train(
    plan: Plan,
    packs: Sequence[str],
    parts: Sequence[str],
    begin: Path,
    output: Path,
    judged_by: Sequence[Path] = (),
    told: Callable[[str], None] = print,
) -> tuple[LayerNet, dict[str, Any]]:
    """Train on scenes of packs and parts, from the weights of LayerNet or ClickNet in the file `begin` on, or from the
    checkpoint in `output` where there is one; gives the net and what is to be said of it.

    Raises FileNotFoundError for a folder without shots, ValueError for a checkpoint of another plan, WeightsError
    for a file that is none of either net.
    """
    torch.manual_seed(plan.seed)
    output.mkdir(parents=True, exist_ok=True)
    net, mean = begun(begin, plan.seed), begun(begin, plan.seed)
    encoder = list(net.encoder.parameters())
    rest = [own for name, own in net.named_parameters() if not name.startswith("encoder.")]
    groups = [{"params": rest, "share": 1.0}, {"params": encoder, "share": plan.encoder}]
    optimiser = torch.optim.AdamW(groups, lr=plan.rate, weight_decay=1e-4)
    done, before = _resumed(plan, output, net, mean, optimiser)
    batches = _Batches(plan, packs, parts, done)
    begun_at, losses, steps = time.monotonic() - before, list[float](), 0
    feed, rng = ahead(batches, plan.workers), np.random.default_rng([plan.seed, done])
    net.to(memory_format=torch.channels_last).train()  # type: ignore[call-overload]
    while (share := plan.share(done, time.monotonic() - begun_at)) < 1:
        for group in optimiser.param_groups:
            group["lr"] = plan.lr(share) * group["share"]
        given, true = next(feed)
        if steps % 2:
            given = _once_more(net, given, true, rng)
        logits, coarse = net(given.to(memory_format=torch.channels_last))
        error = layer_loss(logits, coarse, true)
        optimiser.zero_grad(set_to_none=True)
        error.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimiser.step()
        steps, done = steps + 1, done + len(given)
        seen = done / plan.batch
        follow(mean, net, min(plan.average, seen / (seen + 10)))
        losses.append(float(error.detach()))
        if steps % _EVERY == 0:
            seconds = time.monotonic() - begun_at
            told(f"{done:>7} scenes   loss {np.mean(losses[-_EVERY:]):.4f}   {seconds / done:.3f} s each")
        if steps % _STORE == 0:
            _store(plan, output, net, mean, optimiser, done, time.monotonic() - begun_at)
    _store(plan, output, net, mean, optimiser, done, time.monotonic() - begun_at)
    found = judged(mean, judged_by, plan.size) if judged_by else None
    return mean.eval(), {
        "plan": {**asdict(plan), "minutes": None if math.isinf(plan.minutes) else plan.minutes},
        "scenes": done,
        "loss": round(float(np.mean(losses[-_EVERY:])), 4) if losses else None,
        "judged": found,
    }


def begun(path: Path, seed: int = 0) -> LayerNet:
    """ClickNet with the weights of a file: its own, or LayerNet's, which takes no notice of clicks yet. Raises
    WeightsError for a file that is none of either.
    """
    weights = read(path)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        net = LayerNet(GIVEN, 1)
    own, held = net.state_dict(), completed(net, weights)
    if held.keys() != own.keys():
        raise WeightsError(f"{path} holds weights of neither LayerNet nor ClickNet")
    colours, first, edges = 3, "encoder.blocks.0.0.weight", "edges.0.0.weight"
    for name, value in held.items():
        if value.shape == own[name].shape:
            own[name] = value
        elif name in (first, edges):
            own[name] = torch.zeros_like(own[name])
            own[name][:, :colours] = value[:, :colours]
            if name == edges:  # what the planes add to the answer for figures
                own[name][:, -1] = value[:, -colours]
        elif name == "evidence.0.0.weight":
            own[name][:, :colours] = value[:, :colours]
        else:  # a head: figures are the first it tells of
            own[name] = value[:1]
    net.load_state_dict(own)
    return net


def judged(net: LayerNet, shots: Sequence[Path], size: tuple[int, int]) -> dict[str, Any]:
    """Mean IoU with the figures of the first drawings of packed shots after each of three clicks, from nothing on, each
    in the largest error.
    """
    net.eval()
    rng, found = np.random.default_rng(0), list[list[float]]()
    for path in shots:
        shot = pack.read(path)
        picture, true = (
            cv2.resize(p[0], size, interpolation=cv2.INTER_AREA) for p in (shot.frames, shot.layers[..., 0])
        )
        cover, answer = true.astype(np.float32) / 255, np.zeros(true.shape, bool)
        if not (cover > 0.5).any():
            continue
        clicks, each = np.zeros((2, *true.shape), bool), list[float]()
        for _ in range(_CLICKS):
            click(clicks, answer, cover, rng)
            with torch.no_grad():
                logits, _ = net(torch.from_numpy(planes(picture, answer, clicks)[None]))
            answer = logits[0, 0].numpy() > 0
            each.append(np.count_nonzero(answer & (cover > 0.5)) / np.count_nonzero(answer | (cover > 0.5)))
        found.append(each)
    return {"shots": len(found), "iou": np.round(np.mean(found, axis=0), 4).tolist() if found else []}


def _once_more(net: LayerNet, given: Tensor, true: Tensor, rng: np.random.Generator) -> Tensor:
    """Half of the scenes with a click more on what the net says of them, and what was found is that."""
    with torch.no_grad():
        answer = (net(given)[0][:, 0] > 0).numpy()
    made = given.numpy().copy()
    for own, said, cover in zip(made, answer, true[:, 0].numpy(), strict=True):
        if rng.random() < _AGAIN:
            clicks = own[4:] > 0
            click(clicks, said, cover, rng)
            own[4:] = clicks
            if rng.random() < _KEPT:
                own[3] = said
    return torch.from_numpy(made)


class _Batches(IterableDataset[tuple[Tensor, Tensor]]):
    """Batches of planes (N, 6, h, w) and of what is true (N, 1, h, w), without end."""

    def __init__(self, plan: Plan, packs: Sequence[str], parts: Sequence[str], done: int) -> None:
        for folder in packs:
            pack.listed(folder)
        self._plan, self._packs, self._parts, self._done = plan, list(packs), list(parts), done

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        info = torch.utils.data.get_worker_info()
        if info:
            cv2.setNumThreads(1)  # the processors are for the net
        rng = np.random.default_rng([self._plan.seed, self._done, info.id if info else 0])
        scenes = Scenes(self._packs, self._parts, self._plan.restyle, rng)
        while True:
            size = shaped(self._plan.size, rng.choice([a for a, _ in _SHAPES], p=[p for _, p in _SHAPES]))
            made = [scenes(size) for _ in range(self._plan.batch)]
            yield (
                torch.from_numpy(np.stack([_shown(each) for each in made])),
                torch.from_numpy(np.stack([each.true for each in made])[:, None]),
            )


def _shown(scene: Pointed) -> np.ndarray:
    return planes(scene.picture, scene.found, scene.clicks)


def _store(
    plan: Plan,
    output: Path,
    net: LayerNet,
    mean: LayerNet,
    optimiser: torch.optim.Optimizer,
    done: int,
    seconds: float,
) -> None:
    part = output / f".{CHECKPOINT}.part"
    torch.save(
        {
            "plan": json.dumps(asdict(plan)),
            "net": net.state_dict(),
            "mean": mean.state_dict(),
            "optimiser": optimiser.state_dict(),
            "done": done,
            "seconds": seconds,
        },
        part,
    )
    part.replace(output / CHECKPOINT)


def _resumed(
    plan: Plan, output: Path, net: LayerNet, mean: LayerNet, optimiser: torch.optim.Optimizer
) -> tuple[int, float]:
    """Scenes and seconds that a checkpoint has behind it, which is read where there is one."""
    path = output / CHECKPOINT
    if not path.exists():
        return 0, 0.0
    held = torch.load(path, weights_only=True)
    if held["plan"] != json.dumps(asdict(plan)):
        raise ValueError(f"{path} is of another plan: give another output, or the same words as before")
    net.load_state_dict(held["net"])
    mean.load_state_dict(held["mean"])
    optimiser.load_state_dict(held["optimiser"])
    return int(held["done"]), float(held["seconds"])
