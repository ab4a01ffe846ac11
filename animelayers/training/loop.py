"""The training loop: packed shots in, a LayerNet out. It needs torch, NumPy and OpenCV, and no Ray."""

from __future__ import annotations

import json
import math
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import IterableDataset

from animelayers.models.layernet_net import LayerNet, planes
from animelayers.models.onnx import bf16_pays
from animelayers.training import history, pack
from animelayers.training.judge import Judged, judge
from animelayers.training.loss import loss, wrong
from animelayers.training.steps import ahead, follow, shaped
from animelayers.training.views import View, views

CHECKPOINT = "checkpoint.pt"
_SHAPES = ((1.0, 0.7), (0.75, 0.15), (1.33, 0.15))  # aspect of a batch beside the plan's, and how often
_STEP = 16  # sides of batches are multiples of it
_CLIP = 1.0  # norm of the gradient
_EVERY = 20  # steps between two lines of the history
_SLOTS = 1 << 16  # in which shots are noted by a digest of their name


@dataclass(frozen=True)
class Plan:
    """How long and how a net is trained.

    ``samples``: drawings it is shown in all, or what `minutes` give time for. ``shots`` of a batch,
    ``drawings`` of each. ``rate``: the highest learning rate, reached after a share `warm` of the training
    and lowered along a cosine to a hundredth; ``encoder``: its share for what was trained before, which is
    not touched before the share ``frozen``. ``sizes``: widths and heights one after the other, and up to
    which share each. ``average``: of the moving average of the weights, which is what is kept. ``seed``: of
    all chances. ``check``, ``store``: samples between two judgements, and between two checkpoints.
    ``workers``: processes that make batches ready. ``hold``: hands, as kind:source, whose shots are not
    trained on. ``mine``: share of the shots that are drawn by how wrong the net was on them when it saw them
    last (online hard example mining, Shrivastava et al., CVPR 2016); the others come each once in a round.
    ``restyle``: share of the shots that are shown in styles no hand has, see `animelayers.training.restyle`.
    ``worn``: share that is shown grained, soft or of few bits, see `animelayers.training.worn`.
    Raises ValueError, or TypeError, for a number that makes no sense.
    """

    samples: int = 40_000
    minutes: float = math.inf
    shots: int = 6
    drawings: int = 2
    rate: float = 1e-3
    encoder: float = 0.15
    frozen: float = 0.08
    warm: float = 0.02
    sizes: tuple[tuple[int, int, float], ...] = ((224, 128, 0.4), (288, 160, 0.85), (352, 192, 1.0))
    average: float = 0.998
    seed: int = 0
    check: int = 4_000
    store: int = 1_000
    workers: int = 1
    hold: tuple[str, ...] = ()
    mine: float = 0.0
    restyle: float = 0.0
    worn: float = 0.0

    def __post_init__(self) -> None:
        for name, least in (
            ("samples", 1),
            ("shots", 1),
            ("drawings", 1),
            ("check", 1),
            ("store", 1),
            ("workers", 0),
        ):
            if getattr(self, name) < least:
                raise ValueError(f"plan.{name}={getattr(self, name)}: at least {least}")
        for name in ("minutes", "rate"):
            if not getattr(self, name) > 0:
                raise ValueError(f"plan.{name}={getattr(self, name)}: more than 0")
        for name in ("encoder", "frozen", "average", "restyle", "worn"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"plan.{name}={getattr(self, name)}: a share, 0 to 1")
        if not 0 <= self.mine < 1:
            raise ValueError(f"plan.mine={self.mine}: a share, 0 and more, below 1")
        if not 0 < self.warm < 1:
            raise ValueError(f"plan.warm={self.warm}: a share between 0 and 1")
        if not self.sizes or any(len(size) != 3 or min(size[:2]) < 2 * _STEP for size in self.sizes):
            given = [list(size) for size in self.sizes]
            raise ValueError(
                f"plan.sizes={given}: a list of [width, height, share up to which], sides of {2 * _STEP} or more"
            )

    def share(self, done: int, seconds: float) -> float:
        """How much of the training is behind, 0..1, after `done` samples in `seconds`."""
        return min(1.0, max(done / self.samples, seconds / 60 / self.minutes))

    def size(self, share: float) -> tuple[int, int]:
        """Width and height there."""
        return next(((w, h) for w, h, end in self.sizes if share < end), self.sizes[-1][:2])

    def lr(self, share: float) -> float:
        """The learning rate there."""
        if share < self.warm:
            return self.rate * max(share, 1e-3) / self.warm
        return self.rate * (
            0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * (share - self.warm) / (1 - self.warm)))
        )


@dataclass
class State:
    """A net in training: itself, its moving average, the optimiser, and how many samples it has seen."""

    net: LayerNet
    mean: LayerNet
    optimiser: torch.optim.Optimizer
    done: int = 0
    seconds: float = 0.0
    judged: list[dict[str, Any]] = field(default_factory=list)


def train(
    plan: Plan,
    folders: Sequence[str | Path],
    output: Path,
    start: Callable[[], LayerNet],
    judged_by: Sequence[Path] = (),
    device: str = "cpu",
    told: Callable[[str], None] = print,
    after: Callable[[], object] = lambda: None,
) -> State:
    """Train on the packs in `folders`, and judge by other shots now and then; go on from the checkpoint in
    `output` where there is one.

    `after` is called after each judgement. What is interrupted, by a KeyboardInterrupt or by SystemExit as
    jobs make of SIGTERM, leaves a checkpoint. Raises FileNotFoundError where a folder holds no shots,
    ValueError for a checkpoint of another plan, and from another process of what reads the packs where a shot
    is damaged or where none is left.
    """
    for folder in folders:
        pack.listed(folder)
    output.mkdir(parents=True, exist_ok=True)
    reference = [pack.read(path) for path in judged_by]
    state = _resumed(plan, output, start, device)
    history.forget(output, state.done)
    try:
        _go_on(
            plan,
            state,
            _Views(plan, [str(f) for f in folders], state.done),
            reference,
            output,
            device,
            told,
            after,
        )
    except (KeyboardInterrupt, SystemExit):
        _store(plan, state, output)
        raise
    return state


def _go_on(
    plan: Plan,
    state: State,
    data: _Views,
    reference: Sequence[pack.Shot],
    output: Path,
    device: str,
    told: Callable[[str], None],
    after: Callable[[], object],
) -> None:
    share, step, began = plan.share(state.done, state.seconds), 0, time.monotonic() - state.seconds
    faster, sums = _faster(device), list[float]()
    size = plan.size(share)
    feed = data.batches(size) if share < 1 else iter(())
    while share < 1:
        if plan.size(share) != size:
            size = plan.size(share)
            feed = data.batches(size)
        batch = next(feed)
        sums.append(_step(plan, state, batch, share, device, faster, data.hard))
        before, state.done, step = state.done, state.done + len(batch.pictures), step + 1
        state.seconds = time.monotonic() - began
        share = plan.share(state.done, state.seconds)
        last = share >= 1
        if last or step % _EVERY == 0:
            mean, sums = float(np.mean(sums)), []
            history.note(
                output,
                {
                    "samples": state.done,
                    "loss": mean,
                    "rate": plan.lr(share),
                    "seconds": round(state.seconds, 1),
                },
            )
            told(
                f"{state.done:>7} of {plan.samples} drawings   loss {mean:.4f}   {state.seconds / max(1, state.done):.3f} s each"
            )
        if reference and (last or state.done // plan.check > before // plan.check):
            found = judged(state.mean, reference, device)
            state.judged.append({"samples": state.done, **found._asdict()})
            history.note(output, {"samples": state.done, "judged": found._asdict()})
            told(f"{state.done:>7} held back: {found}")
            after()
        if last or state.done // plan.store > before // plan.store:
            _store(plan, state, output)


def _step(
    plan: Plan,
    state: State,
    batch: View,
    share: float,
    device: str,
    faster: AbstractContextManager,
    hard: Tensor,
) -> float:
    """One step down the slope of a batch, noting how hard its shots are; returns its loss."""
    for group in state.optimiser.param_groups:
        group["lr"] = plan.lr(share) * group["share"]
    state.net.encoder.requires_grad_(share >= plan.frozen)
    given, truth, pairs = tensors(batch, plan.drawings, device)
    state.optimiser.zero_grad(set_to_none=True)
    with faster:
        logits, coarse = state.net(given)
    if plan.mine:
        hard[torch.as_tensor(batch.slot)] = wrong(logits.detach().float(), truth, plan.drawings).cpu()
    error = loss(logits.float(), coarse.float(), truth, pairs)
    error.backward()  # type: ignore[no-untyped-call]
    norm = torch.nn.utils.clip_grad_norm_(state.net.parameters(), _CLIP)
    if torch.isfinite(norm):
        state.optimiser.step()
        _follow(state, plan.average)
    return float(error.detach())


def judged(net: LayerNet, shots: Sequence[pack.Shot], device: str = "cpu") -> Judged:
    """How good a net is on packed shots, with evidence as it comes and without."""
    faster = _faster(device)

    def labels(batch: View) -> np.ndarray:
        given, _, _ = tensors(batch, len(batch.pictures), device)
        with torch.no_grad(), faster:
            return np.asarray(torch.sigmoid(net(given)[0].float()).cpu().numpy())

    net.eval()
    return judge(labels, shots)


def _faster(device: str) -> AbstractContextManager:
    return (
        torch.autocast(device, torch.bfloat16)
        if device == "cuda" or (device == "cpu" and bf16_pays())
        else nullcontext()
    )


def tensors(batch: View, drawings: int, device: str) -> tuple[Tensor, Tensor, Tensor]:
    """What the net is shown, the truth, and the pairs of drawings that have one place."""
    pictures, plates, layers = (
        torch.as_tensor(a).to(device).movedim(-1, 1) for a in (batch.pictures, batch.plates, batch.layers)
    )
    known, difference, change = (
        torch.as_tensor(a).to(device)[:, None] for a in (batch.known, batch.difference, batch.change)
    )
    steady = np.atleast_1d(np.asarray(batch.steady))
    pairs = [
        [n * drawings + k, n * drawings + k + 1] for n in np.flatnonzero(steady) for k in range(drawings - 1)
    ]
    return (
        planes(pictures, plates, known, difference, change),
        layers.float() / 255,
        torch.tensor(pairs, dtype=torch.int64, device=device).reshape(-1, 2),
    )


class _Views(IterableDataset[View]):
    """Batches of views, without end. What is added to a folder meanwhile is taken up in the next round."""

    def __init__(self, plan: Plan, folders: Sequence[str], done: int) -> None:
        self.plan, self.folders, self.done, self.size = plan, folders, done, (0, 0)
        # written by the loop, read where batches are made
        self.hard: Tensor = torch.full((_SLOTS,), math.nan).share_memory_()  # type: ignore[no-untyped-call]

    def batches(self, size: tuple[int, int]) -> Iterator[View]:
        """Batches of a size, made ahead by other processes."""
        self.size, self.done = size, self.done + 1
        return ahead(self, self.plan.workers)

    def __iter__(self) -> Iterator[View]:
        info = torch.utils.data.get_worker_info()
        if info:
            cv2.setNumThreads(1)  # the processors are for the net
        rng = np.random.default_rng([self.plan.seed, self.done, info.id if info else 0])
        group: list[View] = []
        size = self._shaped(rng)
        while True:
            paths, used = [p for folder in self.folders for p in pack.listed(folder)], 0
            for n in self._round(paths, rng):
                shot = pack.read(paths[n])
                if not set(self.plan.hold).isdisjoint(shot.sources.split(",")):
                    continue
                used += 1
                restyle, worn = rng.random(2) < (self.plan.restyle, self.plan.worn)
                seen = views(shot, size, rng, self.plan.drawings, restyle=restyle, worn=worn)
                group.append(seen._replace(slot=np.array([_slot(paths[n])])))
                if len(group) == self.plan.shots:
                    yield _joined(group)
                    group, size = [], self._shaped(rng)
            if not used:
                raise ValueError(
                    f"plan.hold={list(self.plan.hold)}: no shot of the packs is left to train on"
                )

    def _round(self, paths: Sequence[Path], rng: np.random.Generator) -> Iterator[int]:
        """The numbers of the shots of a round: each once, and in between those that were hard, as often as
        they were.
        """
        slots = [_slot(path) for path in paths]
        for n in rng.permutation(len(paths)):
            yield int(n)
            while rng.random() < self.plan.mine:
                known = self.hard[slots].numpy()
                weight = np.where(np.isfinite(known), known, 0).astype(np.float64)
                if not weight.any():
                    break
                yield int(rng.choice(len(paths), p=weight / weight.sum()))

    def _shaped(self, rng: np.random.Generator) -> tuple[int, int]:
        return shaped(self.size, rng.choice([a for a, _ in _SHAPES], p=[p for _, p in _SHAPES]))


def _slot(path: Path) -> int:
    return zlib.crc32(path.name.encode()) % _SLOTS


def _joined(group: Sequence[View]) -> View:
    """Views of shots as one batch; `steady` and `slot` are told for each shot."""
    return View(
        np.concatenate([view.pictures for view in group]),
        np.concatenate([view.plates for view in group]),
        np.concatenate([view.known for view in group]),
        np.concatenate([view.difference for view in group]),
        np.concatenate([view.change for view in group]),
        np.concatenate([view.layers for view in group]),
        np.array([view.steady for view in group]),  # type: ignore[arg-type]
        np.concatenate([view.slot for view in group]),
    )


def _resumed(plan: Plan, output: Path, start: Callable[[], LayerNet], device: str) -> State:
    path = output / CHECKPOINT
    net = LayerNet() if path.exists() else start()
    mean = LayerNet()
    mean.load_state_dict(net.state_dict())
    net, mean = (each.to(device).to(memory_format=torch.channels_last) for each in (net, mean))  # type: ignore[call-overload]
    fresh = [p for name, p in net.named_parameters() if not name.startswith("encoder.")]
    groups = [
        {"params": fresh, "share": 1.0},
        {"params": list(net.encoder.parameters()), "share": plan.encoder},
    ]
    state = State(net.train(), mean.eval(), torch.optim.AdamW(groups, lr=plan.rate, weight_decay=1e-4))
    if path.exists():
        stored = torch.load(path, map_location=device, weights_only=True)
        if stored["plan"] != json.dumps(asdict(plan)):
            raise ValueError(f"{path} is of another plan: give another output, or the same words as before")
        net.load_state_dict(stored["net"])
        mean.load_state_dict(stored["mean"])
        state.optimiser.load_state_dict(stored["optimiser"])
        state.done, state.seconds, state.judged = (
            stored["done"],
            stored["seconds"],
            json.loads(stored["judged"]),
        )
    return state


def _follow(state: State, average: float) -> None:
    """The moving average of the weights; it forgets the first steps sooner."""
    seen = state.done / 12 + 1
    follow(state.mean, state.net, min(average, seen / (seen + 10)))


def _store(plan: Plan, state: State, output: Path) -> None:
    part = output / f".{CHECKPOINT}.part"
    weights = {
        "net": state.net.state_dict(),
        "mean": state.mean.state_dict(),
        "optimiser": state.optimiser.state_dict(),
    }
    told = {"done": state.done, "seconds": state.seconds, "judged": json.dumps(state.judged)}
    torch.save({"plan": json.dumps(asdict(plan)), **weights, **told}, part)
    part.replace(output / CHECKPOINT)
