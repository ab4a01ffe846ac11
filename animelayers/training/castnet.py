"""Training of CastNet: views of many people in, a net that knows them apart out. It needs torch and NumPy, and
no Ray.

Supervised contrastive learning (Khosla et al., NeurIPS 2020): what films show of one person shall be more
alike than what they show of two, above all of two by one hand.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from operator import eq
from typing import Any, NamedTuple

import numpy as np
import torch
from scipy.linalg import eigh
from torch import Tensor

from animelayers.models.castnet_net import CastNet

_OWN = 0.7  # what differences within a hand count beside those of all people
_LOOSE = 0.1  # of the mean variance, added to that within people: what few views do not tell
_FAINT = 0.05  # of the largest discriminant: one as small is made shorter by 0.7
_SMOOTH = 0.99  # of the moving average of the weights, which is what is kept
_EVERY = 50  # batches between two lines that are told


class Album(NamedTuple):
    """What films show of people: ``views`` uint8 (M, 4, S, S) as `castnet.ready` has them, ``person`` int
    (M,), whose each is, and ``hands``, of each person the hand that draws her."""

    views: np.ndarray
    person: np.ndarray
    hands: Sequence[str]

    def of(self, hands: Callable[[str], bool]) -> Album:
        """The part of those whose hand is wanted."""
        kept = np.array([hands(hand) for hand in self.hands])
        there = kept[self.person]
        number = np.cumsum(kept) - 1
        return Album(
            self.views[there],
            number[self.person[there]],
            [hand for hand, own in zip(self.hands, kept, strict=True) if own],
        )


@dataclass(frozen=True)
class Plan:
    """How CastNet is trained.

    ``batches``, of ``people`` with ``views`` of each; ``hand``: share of the people that are by one hand.
    ``rate``: the highest learning rate, lowered along a cosine. ``warmth``: temperature of the loss.
    ``hold``: hands that are not trained on but judged by. ``seed``: of all chances. Raises ValueError for a
    number that makes no sense.
    """

    batches: int = 1500
    people: int = 40
    views: int = 4
    hand: float = 0.5
    rate: float = 2e-3
    warmth: float = 0.1
    hold: tuple[str, ...] = ()
    seed: int = 0

    def __post_init__(self) -> None:
        for name, least in (("batches", 1), ("people", 2), ("views", 2)):
            if getattr(self, name) < least:
                raise ValueError(f"plan.{name}={getattr(self, name)}: at least {least}")
        for name in ("rate", "warmth"):
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


def train(plan: Plan, album: Album, told: Callable[[str], None] = print) -> tuple[CastNet, dict[str, Any]]:
    """Train on the people of all hands that are not held back, and judge by those that are; gives the net and
    what is to be said of it.

    Raises ValueError where there are fewer people than a batch has.
    """
    mine, held = album.of(lambda hand: hand not in plan.hold), album.of(lambda hand: hand in plan.hold)
    if len(mine.hands) < plan.people:
        raise ValueError(
            f"{len(mine.hands)} people to train on, plan.people={plan.people} in a batch: give more, or fewer of a batch"
        )
    rng, begun, losses = np.random.default_rng(plan.seed), time.monotonic(), list[float]()
    torch.manual_seed(plan.seed)
    net, mean, choose = CastNet(), CastNet(), _Chance(plan, mine)
    mean.load_state_dict(net.state_dict())
    optimiser = torch.optim.AdamW(net.parameters(), plan.rate, weight_decay=5e-4)
    label = torch.arange(plan.people).repeat_interleave(plan.views)
    net.train()
    for step in range(plan.batches):
        rate = 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * step / plan.batches))
        for group in optimiser.param_groups:
            group["lr"] = plan.rate * min(1, (step + 1) / 50) * rate
        views = varied(torch.from_numpy(mine.views[choose(rng)]))
        found = contrast(net(views), label, plan.warmth)
        optimiser.zero_grad(set_to_none=True)
        found.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(net.parameters(), 5.0)
        optimiser.step()
        _averaged(mean, net, min(_SMOOTH, (1 + step) / (10 + step)))
        losses.append(float(found.detach()))
        if step % _EVERY == _EVERY - 1:
            told(
                f"{step + 1} batches, loss {np.mean(losses[-_EVERY:]):.3f}, {time.monotonic() - begun:.0f} s"
            )
    settle(mean, mine)
    known = judged(mean, held) if held.hands else None
    said = {
        "plan": asdict(plan),
        "people": len(mine.hands),
        "hands": len(set(mine.hands)),
        "views": len(mine.views),
        "loss": round(float(np.mean(losses[-_EVERY:])), 4),
        "held": None if known is None else known._asdict(),
    }
    return mean.eval(), said


def contrast(vectors: Tensor, label: Tensor, warmth: float) -> Tensor:
    """The supervised contrastive loss of unit vectors (N, E) of people `label` (N,)."""
    alike = vectors @ vectors.T / warmth
    own = torch.eye(len(label), dtype=torch.bool)
    same = (label[:, None] == label[None]) & ~own
    chance = alike.masked_fill(own, -math.inf).log_softmax(1).masked_fill(own, 0.0)
    return -((chance * same).sum(1) / same.sum(1).clamp(min=1)).mean()


def settle(net: CastNet, album: Album) -> None:
    """The last layer of a net anew, in closed form: see `discriminants`."""
    net.eval()
    with torch.inference_mode():
        found = torch.cat(
            [net.parts(part) for part in torch.split(torch.from_numpy(album.views), 256)]
        ).numpy()
    weight, bias = discriminants(found, album.person, album.hands, net.head.out_features)
    with torch.no_grad():
        net.head.weight.copy_(torch.from_numpy(weight))
        net.head.bias.copy_(torch.from_numpy(bias))


def discriminants(
    found: np.ndarray, person: np.ndarray, hands: Sequence[str], count: int
) -> tuple[np.ndarray, np.ndarray]:
    """The directions in which people differ most, and views of one person least: weight float32 (count, E) and
    bias (count,) of what was `found` of views, (M, E).

    Fisher's linear discriminants (1936; Rao, 1948). People count by how they differ from others by their
    hand above all, and a hand by the root of its people. What differs little is made shorter.
    """
    number = np.bincount(person, minlength=len(hands))
    mean = np.zeros((len(hands), found.shape[1]), np.float32)
    np.add.at(mean, person, found)
    mean /= number[:, None]
    rest = found - mean[person]
    within = (rest.T @ rest / len(found)).astype(np.float64)
    which = np.unique(np.asarray(hands), return_inverse=True)[1]
    of_hand = np.stack([mean[which == k].mean(0) for k in range(which.max() + 1)])
    weight = 1 / np.sqrt(np.bincount(which))[which]
    weight /= weight.sum()
    own, all_of = mean - of_hand[which], mean - mean.mean(0)
    between = _OWN * (own * weight[:, None]).T @ own + (1 - _OWN) * (all_of * weight[:, None]).T @ all_of
    within += _LOOSE * np.trace(within) / len(within) * np.eye(len(within))
    last = len(within) - 1
    found_of, axes = eigh(between.astype(np.float64), within, subset_by_index=[last + 1 - count, last])
    share = np.maximum(found_of, 0) / (np.maximum(found_of, 0) + _FAINT * found_of.max())
    made = (axes * np.sqrt(share)).T.astype(np.float32)
    return made, -made @ found.mean(0)


def varied(views: Tensor) -> Tensor:
    """Views (N, 4, S, S), 0..255, once more as chance has it: mirrored, in another light, with a piece lost."""
    made = torch.where((torch.rand(len(views)) < 0.5)[:, None, None, None], views.flip(3), views).float()
    made[:, :3] *= 1 + 0.16 * (torch.rand(len(views), 3, 1, 1) - 0.5)
    side = views.shape[-1]
    place = torch.arange(side)[None]
    start = (torch.rand(2, len(views), 1) * side).floor()
    long = torch.rand(2, len(views), 1) * 0.4 * side * (torch.rand(len(views), 1) < 0.35)
    down, across = ((place >= start[k]) & (place < start[k] + long[k]) for k in (0, 1))
    made[:, 3] *= ~(down[:, :, None] & across[:, None])
    return made.clamp(0, 255)


def judged(net: CastNet, album: Album) -> Known:
    """How well a net knows people again among those of the same hand."""
    net.eval()
    precisions, first, count = list[float](), list[float](), 0
    for hand in sorted(set(album.hands)):
        own = album.of(partial(eq, hand))
        if len(own.hands) < 2:
            continue
        with torch.inference_mode():
            found = torch.cat([net(part) for part in torch.split(torch.from_numpy(own.views), 256)]).numpy()
        count += len(own.hands)
        alike = found @ found.T
        np.fill_diagonal(alike, -2)
        order = np.argsort(-alike, axis=1)[:, :-1]
        same = own.person[order] == own.person[:, None]
        rank = np.cumsum(same, axis=1) / np.arange(1, same.shape[1] + 1)
        precisions += ((rank * same).sum(1) / same.sum(1).clip(1)).tolist()
        first += same[:, 0].tolist()
    precision, nearest = (float(np.mean(values or [np.nan])) for values in (precisions, first))
    return Known(round(precision, 4), round(nearest, 4), count)


class _Chance:
    """Which views are in a batch: as many people as shall be of one hand, the others of any, and views of
    each in a row.
    """

    def __init__(self, plan: Plan, album: Album) -> None:
        self.plan = plan
        order = np.argsort(album.person, kind="stable")
        self.views = np.split(order, np.flatnonzero(np.diff(album.person[order])) + 1)
        hands: dict[str, list[int]] = {}
        for i, hand in enumerate(album.hands):
            hands.setdefault(hand, []).append(i)
        self.hands = list(hands.values())
        # a hand counts by the root of its people: many hands have few
        count = np.sqrt([len(own) for own in self.hands])
        self.odds = count / count.sum()

    def __call__(self, rng: np.random.Generator) -> np.ndarray:
        own = self._hand(rng)
        most = min(len(own), round(self.plan.hand * self.plan.people))
        found = dict.fromkeys(rng.choice(own, most, replace=False).tolist())
        while len(found) < self.plan.people:
            found.setdefault(int(rng.choice(self._hand(rng))))
        count = self.plan.views
        return np.concatenate(
            [rng.choice(self.views[i], count, replace=len(self.views[i]) < count) for i in found]
        )

    def _hand(self, rng: np.random.Generator) -> list[int]:
        return self.hands[int(rng.choice(len(self.hands), p=self.odds))]


def _averaged(mean: CastNet, net: CastNet, share: float) -> None:
    with torch.no_grad():
        for kept, new in zip(mean.state_dict().values(), net.state_dict().values(), strict=True):
            if kept.dtype.is_floating_point:
                kept.lerp_(new, 1 - share)
            else:
                kept.copy_(new)
