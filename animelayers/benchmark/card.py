"""A card and this package, step by step: what is there, what it gives, how fast, how much memory. Ten
minutes, without network and without Ray.
"""

from __future__ import annotations

import importlib.util
import multiprocessing
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from queue import Empty
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np

from animelayers.benchmark import process
from animelayers.benchmark.film import draw

DRIVERS = {13: 580, 12: 525, 11: 450}
"""The NVIDIA driver that torch built with a CUDA needs at least (NVIDIA's table of CUDA compatibility)."""
_SIDE = (208, 384)  # height and width LayerNet sees of 16:9
_EVERY_S = 0.5


class Size(NamedTuple):
    """How much is tried: ``frames`` of a film of ``size`` (width, height), ``batches`` a net is given,
    ``rounds`` each, ``workers`` on one card.
    """

    frames: int = 300
    size: tuple[int, int] = (1280, 720)
    batches: tuple[int, ...] = (1, 8, 32)
    rounds: int = 5
    workers: int = 8


class Result(NamedTuple):
    """How a step ended: ``state`` is ok, failed or left out, ``told`` what it found out or why not, ``facts``
    the same as numbers.
    """

    step: str
    state: str
    seconds: float
    told: str
    facts: dict[str, Any]


class LeftOut(Exception):
    """What a step needs is not here; the message says what."""


def check(device: str, size: Size, limits: Mapping[str, float], total: float) -> Iterator[Result]:
    """Each of the `limits`' steps in a process of its own, which is ended after so many seconds, or when
    `total` seconds are over.
    """
    began = time.monotonic()
    for name, limit in limits.items():
        left = total - (time.monotonic() - began)
        yield (
            _run(name, device, size, min(limit, left))
            if left > 1
            else Result(name, "left out", 0, f"{total:.0f} s are over", {})
        )


def _run(name: str, device: str, size: Size, limit: float) -> Result:
    context = multiprocessing.get_context("spawn")  # torch does not survive a fork
    answers = context.Queue()
    began = time.monotonic()
    child = context.Process(target=_step, args=(answers, name, device, size))
    child.start()
    state, told, facts = "failed", f"not done within {limit:.0f} s", {}
    while time.monotonic() - began < limit:
        try:
            state, told, facts = answers.get(timeout=0.2)
            break
        except Empty:
            if not child.is_alive():
                told = f"its process ended with {child.exitcode}"
                break
    for each in process.descendants(child.pid):
        each.kill()
    child.kill()
    child.join()
    return Result(name, state, time.monotonic() - began, told, facts)


def _step(answers: Any, name: str, device: str, size: Size) -> None:
    try:
        facts = STEPS[name](device, size)
        answers.put(("ok", "; ".join(f"{key} {_written(value)}" for key, value in facts.items()), facts))
    except LeftOut as why:
        answers.put(("left out", str(why), {}))
    except Exception as problem:  # a step's boundary: whatever a driver or a library raises is its result
        answers.put(("failed", f"{type(problem).__name__}: {' '.join(str(problem).split())[:400]}", {}))


def _written(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def driver(device: str, size: Size) -> dict[str, Any]:
    """What there is: torch, the card, its driver against what this torch needs, what decodes and what else
    could run nets on it.
    """
    import torch

    facts: dict[str, Any] = {"torch": torch.__version__}
    if device == "cuda":
        if not torch.cuda.is_available():
            raise RuntimeError(
                f"torch {torch.__version__} (CUDA {torch.version.cuda or 'not built in'}) sees no GPU{_driver_hint(torch)}"
            )
        card = torch.cuda.get_device_properties(0)
        facts |= {
            "cuda": torch.version.cuda,
            "card": card.name,
            "memory GB": card.total_memory / 1e9,
            "capability": f"{card.major}.{card.minor}",
        }
        facts |= {"bf16": torch.cuda.is_bf16_supported(), "driver": _driver() or "unknown"}
    import onnxruntime

    facts["onnxruntime"] = "+".join(
        p.removesuffix("ExecutionProvider") for p in onnxruntime.get_available_providers()
    )
    facts["decoders"] = "+".join(
        ["PyAV", *(name for name in ("torchcodec", "PyNvVideoCodec") if importlib.util.find_spec(name))]
    )
    return facts


def _driver() -> str:
    path = Path("/proc/driver/nvidia/version")
    words = path.read_text().split() if path.exists() else []
    return next((word for word in words if word.replace(".", "").isdigit() and "." in word), "")


def _driver_hint(torch: Any) -> str:
    have, built = _driver(), int((torch.version.cuda or "0").split(".")[0])
    need = DRIVERS.get(built)
    if not have:
        return ": no NVIDIA driver is loaded here"
    return (
        f": driver {have}, and this torch needs {need} or newer"
        if need and int(have.split(".")[0]) < need
        else f": driver {have}"
    )


def layernet(device: str, size: Size) -> dict[str, Any]:
    """The package's own net on the device beside itself on the CPU in fp32: whether they agree, and drawings
    a second by batch.
    """
    import torch

    from animelayers.imaging.evidence import nothing
    from animelayers.models.layernet import LayerNet
    from animelayers.models.portrait import shrink
    from animelayers.samples import scene

    pictures = [
        shrink(picture, _SIDE[::-1]) for picture in scene("walk", frames=8, size=(640, 360), seed=1).frames
    ]
    blank = [nothing(picture.shape) for picture in pictures]
    reference = LayerNet(runtime="torch", precision="fp32").labels(pictures, blank)
    facts: dict[str, Any] = {}
    for precision in ("fp32", "bf16"):
        net = LayerNet(runtime="torch", device=device, precision=precision, batch=max(size.batches))  # type: ignore[arg-type]
        made = net.labels(pictures, blank)
        facts[f"{precision} off by at most"] = float(
            max(np.abs(a - b).max() for a, b in zip(made, reference, strict=True))
        )
        facts[f"{precision} IoU with the CPU"] = _overlap(np.stack(made), np.stack(reference))
        for batch in size.batches:
            many = (pictures * (1 + batch // len(pictures)))[:batch]
            net.labels(many, [blank[0]] * batch)
            call = partial(net.labels, many, [blank[0]] * len(many))
            rate = _rate(call, batch, size.rounds)
            facts[f"{precision} drawings/s at {batch}"] = rate
    if device == "cuda":
        facts["memory GB"] = torch.cuda.max_memory_allocated() / 1e9
    worst = min(facts[f"{precision} IoU with the CPU"] for precision in ("fp32", "bf16"))
    if worst < 0.98:
        raise RuntimeError(f"the device's layers are others than the CPU's: IoU {worst:.3f}; {facts}")
    return facts


def _overlap(made: np.ndarray, reference: np.ndarray) -> float:
    a, b = made[:, 0] > 0.5, reference[:, 0] > 0.5
    return int(np.count_nonzero(a & b)) / max(1, int(np.count_nonzero(a | b)))


def _rate(call: Callable[[], object], items: int, rounds: int) -> float:
    call()
    took = []
    for _ in range(rounds):
        began = time.perf_counter()
        call()
        took.append(time.perf_counter() - began)
    return items / min(took)


def film(device: str, size: Size) -> dict[str, Any]:
    """The main job on a drawn film, start and writing included: frames a second, how busy the card is, and
    CPU milliseconds a frame.
    """
    with TemporaryDirectory(prefix="gpu-check-") as folder:
        path = draw(Path(folder), size.frames, size.size)
        here = ["cluster=inline", "cluster.processes=0"]
        command = process.decompose(
            f"source.path={path}", f"output={Path(folder) / 'out'}", f"device={device}", *here
        )
        with _busy(device) as busy:
            ended = process.run(command)
    facts = {"frames/s": size.frames / ended.wall, "CPU ms a frame": 1000 * ended.cpu / size.frames}
    return facts | ({"card busy": float(np.mean(busy))} if busy else {})


@contextmanager
def _busy(device: str) -> Iterator[list[float]]:
    """How busy the card is, shares of time, looked at now and then until the end of the block; none without a
    card.
    """
    found: list[float] = []
    done = threading.Event()

    def look() -> None:
        ask = ["nvidia-smi", "--query-gpu=utilization.gpu", "--format=csv,noheader,nounits", "--id=0"]
        while not done.wait(_EVERY_S):
            try:
                found.append(
                    float(subprocess.run(ask, capture_output=True, text=True, timeout=10).stdout) / 100
                )
            except (OSError, ValueError, subprocess.TimeoutExpired):
                return

    watch = threading.Thread(target=look, daemon=True)
    if device == "cuda":
        watch.start()
    try:
        yield found
    finally:
        done.set()
        if watch.is_alive():
            watch.join(_EVERY_S * 4)


def workers(device: str, size: Size) -> dict[str, Any]:
    """Several processes with a net each on one card: drawings a second of all together, and the memory they
    take.
    """
    context = multiprocessing.get_context("spawn")
    start, answers = context.Barrier(size.workers + 1), context.Queue()
    mates = [
        context.Process(target=_mate, args=(start, answers, device, size), daemon=True)
        for _ in range(size.workers)
    ]
    for mate in mates:
        mate.start()
    start.wait(120)
    began = time.perf_counter()
    done = sum(answers.get(timeout=120) for _ in mates)
    facts: dict[str, Any] = {"workers": size.workers, "drawings/s": done / (time.perf_counter() - began)}
    if device == "cuda":
        import torch

        free, whole = torch.cuda.mem_get_info()
        facts["memory GB of all"] = (whole - free) / 1e9
    for mate in mates:
        mate.kill()
    return facts


def _mate(start: Any, answers: Any, device: str, size: Size) -> None:
    from animelayers.imaging.evidence import nothing
    from animelayers.models.layernet import LayerNet

    batch = size.batches[-1]
    picture = np.full((*_SIDE, 3), 128, np.uint8)
    net = LayerNet(runtime="torch", device=device, batch=batch)  # type: ignore[arg-type]
    given = [picture] * batch, [nothing(picture.shape)] * batch
    net.labels(*given)
    start.wait(120)
    for _ in range(size.rounds):
        net.labels(*given)
    answers.put(size.rounds * batch)
    time.sleep(600)  # its memory is looked at when all are done


def decode(device: str, size: Size) -> dict[str, Any]:
    """Frames a second out of a film: by this package's own reader, and by torchcodec on the device where it
    is installed.
    """
    from animelayers.sources import Files

    with TemporaryDirectory(prefix="gpu-check-") as folder:
        path = draw(Path(folder), size.frames, size.size)
        files = Files(str(path), held=False)
        plan = files.scan(files.inputs())
        began = time.perf_counter()
        count = sum(len(row["frame_index"]) for row in files.read(plan))
        facts: dict[str, Any] = {"PyAV frames/s": count / (time.perf_counter() - began)}
        if importlib.util.find_spec("torchcodec"):
            from torchcodec.decoders import VideoDecoder

            decoder = VideoDecoder(str(path), device=device)
            began = time.perf_counter()
            count = sum(1 for _ in decoder)
            facts["torchcodec frames/s"] = count / (time.perf_counter() - began)
    return facts


def nets(device: str, size: Size) -> dict[str, Any]:
    """Large nets of their real architecture with random weights, as `Net` runs them: items a second and
    memory, no word on quality.
    """
    import torch
    from torchvision.models.optical_flow import raft_large

    from animelayers.models.device import release
    from animelayers.models.net import Net

    large = device == "cuda"
    side = (360, 640) if large else (128, 128)
    makers: dict[str, tuple[Callable[[], Any], Callable[..., Any] | None, tuple[tuple[int, ...], ...]]] = {
        "RAFT large": (raft_large, lambda net, a, b: net(a, b)[-1], ((3, *side), (3, *side))),
    }
    if large:
        import transformers

        picture = ((3, 1024, 1024),)
        makers["SAM 2 tiny"] = (
            lambda: transformers.Sam2Model(transformers.Sam2Config()),
            lambda n, x: n.get_image_embeddings(x)[-1],
            picture,
        )
        vision = transformers.CLIPVisionConfig
        makers["CLIP ViT-B"] = (
            lambda: transformers.CLIPVisionModel(vision()),
            lambda n, x: n(x).pooler_output,
            ((3, 224, 224),),
        )
    facts: dict[str, Any] = {}
    for name, (make, call, shapes) in makers.items():
        torch.manual_seed(0)
        net = Net(make(), call, device=device, batch=0 if large else 1)  # type: ignore[arg-type]
        items = max(size.batches) if large else 1
        given = [np.random.default_rng(0).random((items, *shape), np.float32) for shape in shapes]
        facts[f"{name}/s"] = _rate(partial(net, *given), items, size.rounds if large else 1)
        if large:
            facts[f"{name} GB"] = torch.cuda.max_memory_allocated() / 1e9
            torch.cuda.reset_peak_memory_stats()
        del net
        release()
    return facts


def tests(device: str, size: Size) -> dict[str, Any]:
    """The package's own tests that need a GPU, from a checkout."""
    folder = process.ROOT / "tests" / "gpu"
    if device != "cuda" or not folder.is_dir() or not importlib.util.find_spec("pytest"):
        raise LeftOut("needs a GPU, a checkout and pytest")
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", str(folder)], cwd=process.ROOT, capture_output=True, text=True
    )
    last = (ended.stdout.strip().splitlines() or ["nothing"])[-1]
    if ended.returncode:
        raise RuntimeError(last)
    return {"pytest": last}


STEPS: dict[str, Callable[[str, Size], dict[str, Any]]] = {
    "driver": driver,
    "layernet": layernet,
    "film": film,
    "workers": workers,
    "decode": decode,
    "nets": nets,
    "tests": tests,
}
"""The steps by name, what is worth most first."""
