"""Training of CastNet: drawings of many people in, a net that knows them apart out. It needs torch, NumPy and
OpenCV, and no Ray.

Supervised contrastive learning (Khosla et al., NeurIPS 2020): what films show of one person shall be more
alike than what they show of two, above all of two by one hand.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from safetensors.numpy import save
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset

from animelayers.models.castnet_net import CastNet
from animelayers.training.cels import Person
from animelayers.training.disguise import Scenery, disguised

_SMOOTH = 0.995  # of the moving average of the weights, which is what is kept
_EVERY = 50  # steps between two lines that are told


@dataclass(frozen=True)
class Plan:
    """How CastNet is trained.

    ``steps``: batches, or what `minutes` give time for. ``people`` of a batch, ``views`` of each; ``hand``:
    share of them that are by one hand. ``rate``: the highest learning rate, lowered along a cosine.
    ``warmth``: temperature of the loss. ``hold``: hands that are not trained on but judged by. ``seed``: of
    all chances. ``workers``: processes that make views. Raises ValueError for a number that makes no sense.
    """

    steps: int = 3000
    minutes: float = math.inf
    people: int = 40
    views: int = 4
    hand: float = 0.5
    rate: float = 2e-3
    warmth: float = 0.1
    hold: tuple[str, ...] = ()
    seed: int = 0
    workers: int = 1

    def __post_init__(self) -> None:
        for name, least in (("steps", 1), ("people", 2), ("views", 2), ("workers", 0)):
            if getattr(self, name) < least:
                raise ValueError(f"plan.{name}={getattr(self, name)}: at least {least}")
        for name in ("minutes", "rate", "warmth"):
            if not getattr(self, name) > 0:
                raise ValueError(f"plan.{name}={getattr(self, name)}: more than 0")
        if not 0 <= self.hand <= 1:
            raise ValueError(f"plan.hand={self.hand}: a share, 0 to 1")


class Known(NamedTuple):
    """How well people of hands that were held back are known again: ``precision``, the mean over views of the
    average precision with which views of the same person come first among all by her hand; ``first``: share
    whose nearest is the same person. Of ``people``."""

    precision: float
    first: float
    people: int


def train(
    plan: Plan, people: Sequence[Person], scenery: Scenery, told: Callable[[str], None] = print
) -> tuple[CastNet, dict[str, Any]]:
    """Train on the people of all hands that are not held back, and judge by those that are; gives the net and
    what is to be said of it.

    Raises ValueError where there are fewer people than a batch has.
    """
    mine = [person for person in people if person.source not in plan.hold]
    held = [person for person in people if person.source in plan.hold]
    if len(mine) < plan.people:
        raise ValueError(
            f"{len(mine)} people to train on, plan.people={plan.people} in a batch: give more, or fewer of a batch"
        )
    torch.manual_seed(plan.seed)
    net, mean = CastNet(), CastNet()
    mean.load_state_dict(net.state_dict())
    optimiser = torch.optim.AdamW(net.parameters(), plan.rate, weight_decay=5e-4)
    label = torch.arange(plan.people).repeat_interleave(plan.views)
    begun, losses = time.monotonic(), list[float]()
    loader = DataLoader(
        _Batches(plan, mine, scenery), batch_size=None, num_workers=plan.workers, prefetch_factor=4 if plan.workers else None
    )  # fmt: skip
    net.train()
    for step, views in enumerate(loader):
        past = max(step / plan.steps, (time.monotonic() - begun) / 60 / plan.minutes)
        if past >= 1:
            break
        rate = plan.rate * min(1, (step + 1) / 100) * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * past)))
        for group in optimiser.param_groups:
            group["lr"] = rate
        found = contrast(net(views), label, plan.warmth)
        optimiser.zero_grad(set_to_none=True)
        found.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 5.0)
        optimiser.step()
        _averaged(mean, net, min(_SMOOTH, (1 + step) / (10 + step)))
        losses.append(float(found))
        if step % _EVERY == _EVERY - 1:
            told(f"{step + 1} batches, loss {np.mean(losses[-_EVERY:]):.3f}, {time.monotonic() - begun:.0f} s")
    known = judged(mean, held, scenery, plan.seed) if held else None
    said = {
        "plan": _plain(asdict(plan)),
        "batches": len(losses),
        "people": len(mine),
        "hands": len({person.source for person in mine}),
        "held": None if known is None else known._asdict(),
        "seconds": round(time.monotonic() - begun),
    }
    return mean.eval(), said


def contrast(vectors: Tensor, label: Tensor, warmth: float) -> Tensor:
    """The supervised contrastive loss of unit vectors (N, E) of people `label` (N,)."""
    alike = vectors @ vectors.T / warmth
    own = torch.eye(len(label), dtype=torch.bool)
    same = (label[:, None] == label[None]) & ~own
    chance = alike.masked_fill(own, -math.inf).log_softmax(1).masked_fill(own, 0.0)
    return -((chance * same).sum(1) / same.sum(1).clamp(min=1)).mean()


def judged(
    net: CastNet, people: Sequence[Person], scenery: Scenery, seed: int = 0, views: int = 6
) -> Known:
    """How well a net knows people again among those of the same hand, by `views` views of each."""
    net.eval()
    precisions, first, count = list[float](), list[float](), 0
    for hand in sorted({person.source for person in people}):
        own = [person for person in people if person.source == hand]
        rng = np.random.default_rng([seed, 9])
        pictures = np.stack([_view(person, scenery, rng) for person in own for _ in range(views)])
        with torch.inference_mode():
            vectors = torch.cat([net(part) for part in torch.from_numpy(pictures).split(256)]).numpy()
        label = np.repeat(np.arange(len(own)), views)
        if len(own) < 2:
            continue
        count += len(own)
        alike = vectors @ vectors.T
        np.fill_diagonal(alike, -2)
        order = np.argsort(-alike, axis=1)[:, :-1]
        same = label[order] == label[:, None]
        rank = np.cumsum(same, axis=1) / np.arange(1, same.shape[1] + 1)
        precisions += ((rank * same).sum(1) / same.sum(1)).tolist()
        first += same[:, 0].tolist()
    return Known(
        round(float(np.mean(precisions or [np.nan])), 4), round(float(np.mean(first or [np.nan])), 4), count
    )


def stored(net: CastNet, path: Path, facts: Mapping[str, Any]) -> None:
    """Write a net as a safetensors file of float16; ``facts`` go into its metadata as JSON, under 'castnet'."""
    weights = {
        name: value.detach().to("cpu", torch.float16).contiguous().numpy()
        for name, value in net.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(save(weights, {"castnet": json.dumps(facts)}))
    part.replace(path)


class _Batches(IterableDataset[Tensor]):
    """Endless batches of views uint8 (people * views, 4, S, S), the views of a person in a row."""

    def __init__(self, plan: Plan, people: Sequence[Person], scenery: Scenery) -> None:
        self.plan, self.people, self.scenery = plan, people, scenery
        self.hands: dict[str, list[int]] = {}
        for i, person in enumerate(people):
            self.hands.setdefault(person.source, []).append(i)
        # a hand counts by the root of its people: many hands are few people each
        count = np.sqrt([len(own) for own in self.hands.values()])
        self.odds = count / count.sum()

    def __iter__(self) -> Iterator[Tensor]:
        import cv2

        info = torch.utils.data.get_worker_info()
        number, every = (info.id, info.num_workers) if info else (0, 1)
        if info:
            cv2.setNumThreads(0)
        step = number
        while True:
            rng = np.random.default_rng([self.plan.seed, step])
            views = [
                _view(self.people[i], self.scenery, rng)
                for i in self._chosen(rng)
                for _ in range(self.plan.views)
            ]
            yield torch.from_numpy(np.stack(views))
            step += every

    def _chosen(self, rng: np.random.Generator) -> list[int]:
        """Who is in a batch: as many as shall be of one hand, the others of any."""
        hands = list(self.hands.values())
        own = hands[int(rng.choice(len(hands), p=self.odds))]
        most = min(len(own), round(self.plan.hand * self.plan.people))
        found = dict.fromkeys(int(i) for i in rng.choice(own, most, replace=False))
        while len(found) < self.plan.people:
            found.setdefault(int(rng.choice(hands[int(rng.choice(len(hands), p=self.odds))])))
        return list(found)


def _view(person: Person, scenery: Scenery, rng: np.random.Generator) -> np.ndarray:
    cel = person.cels[int(rng.integers(len(person.cels)))]
    return np.ascontiguousarray(disguised(cel, scenery, rng).transpose(2, 0, 1))


def _averaged(mean: CastNet, net: CastNet, share: float) -> None:
    with torch.no_grad():
        for kept, new in zip(mean.state_dict().values(), net.state_dict().values(), strict=True):
            if kept.dtype.is_floating_point:
                kept.lerp_(new, 1 - share)
            else:
                kept.copy_(new)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value
