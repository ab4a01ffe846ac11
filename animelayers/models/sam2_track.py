"""Trackers with a memory, SAM 2 (Ravi et al., 2024) and EdgeTAM (Zhou et al., 2025): given a figure once,
they know it again.

Both packages are imported when a tracker is built, which a step does in its worker: `sam2` initialises Hydra
as it is imported.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any, Literal

import cv2
import numpy as np

from animelayers.imaging.instances import pieces
from animelayers.models import checkpoint
from animelayers.models.device import Device, pick
from animelayers.models.track import MOST, Labels, follow
from animelayers.options import Named, Share, Weighted
from animelayers.weights import WeightsError, find

_ROUNDS = 8  # times that somebody who entered later is looked for
_CLAIMED = 0.3  # share of an island from which it is somebody known
# pixels of the short side that drawings are handed over at: 1024 wide in 16:9, the models' own size
_SHORT = 576
_QUALITY = 97  # of the JPEGs that the package reads, 1..100
SIZES = {"tiny": "t", "small": "s", "base-plus": "b+", "large": "l"}
FAMILIES = {"sam2": "Sam2VideoModel", "edgetam": "EdgeTamVideoModel"}


class Remembering(ABC):
    """What such trackers share: the figures of the drawing that shows most of them are followed both ways,
    then those that entered later.

    ``min_area``: share of the frame below which an island is no figure of its own.
    """

    def __init__(self, min_area: float):
        self._min_area = min_area

    def __call__(self, pictures: Sequence[np.ndarray], figures: Sequence[np.ndarray | None]) -> Labels:
        """As `protocols.Tracker`."""
        return follow(pictures, figures, _SHORT, self._min_area, self._all)

    @abstractmethod
    def propagate(
        self, pictures: Sequence[np.ndarray], start: int, figures: Sequence[np.ndarray]
    ) -> np.ndarray:
        """Scores float32 (D, N, H, W), above 0 where the model sees each of N figures, which are the bool
        masks of drawing `start`.
        """

    def _all(
        self, pictures: Sequence[np.ndarray], figures: Sequence[np.ndarray | None], start: int
    ) -> Labels:
        labels = np.zeros((len(pictures), *pictures[0].shape[:2]), np.uint8)
        given = 0
        for _ in range(_ROUNDS):
            shown = figures[start]
            new = self._unclaimed(shown, labels[start])
            if not given and not new and shown is not None:
                new = [shown > 0]  # whoever there is, be they ever so small
            new = new[: MOST - given]
            scores = self.propagate(pictures, start, new)
            found = np.where(scores.max(axis=1) > 0, given + 1 + scores.argmax(axis=1), 0).astype(np.uint8)
            labels = np.where(labels == 0, found, labels)
            for k, mask in enumerate(new, given + 1):
                labels[start][mask & (labels[start] == 0)] = k
            given += len(new)
            open_ones = [
                sum(int(i.sum()) for i in self._unclaimed(m, plane))
                for m, plane in zip(figures, labels, strict=True)
            ]
            start = int(np.argmax(open_ones))
            if not open_ones[start] or given == MOST:
                break
        return labels

    def _unclaimed(self, mask: np.ndarray | None, labels: np.ndarray) -> list[np.ndarray]:
        islands = [] if mask is None else pieces(mask, self._min_area)
        return [island for island in islands if np.mean(labels[island] > 0) < _CLAIMED]


class Transformers(Remembering):
    """SAM 2 or EdgeTAM through the transformers package.

    ``weights``: a name of `animelayers.weights` or a folder; ``family``: sam2 or edgetam; ``device`` as of
    `Net`.
    """

    def __init__(
        self,
        weights: Named,
        family: Literal["sam2", "edgetam"] = "sam2",
        device: Device = "auto",
        min_area: Share = 1 / 500,
    ):
        """Raises ValueError for an unknown family, WeightsError for weights that are missing or another
        model's.
        """
        if family not in FAMILIES:
            raise ValueError(f"family {family!r} is unknown: one of {', '.join(FAMILIES)}")
        super().__init__(min_area)
        folder = find(weights)
        import torch

        transformers: Any = importlib.import_module("transformers")
        transformers.logging.set_verbosity_error()
        transformers.logging.disable_progress_bar()
        self._torch, self._device = torch, torch.device(pick(device))
        try:
            self._model = (
                getattr(transformers, FAMILIES[family])
                .from_pretrained(folder, local_files_only=True)
                .to(self._device)
                .eval()
            )
            self._processor: Any = transformers.Sam2VideoProcessor.from_pretrained(
                folder, local_files_only=True
            )
        except (OSError, ValueError) as error:
            raise WeightsError(
                f"{folder} holds no weights of a {family} tracker: {str(error).splitlines()[0]}"
            ) from error

    def propagate(
        self, pictures: Sequence[np.ndarray], start: int, figures: Sequence[np.ndarray]
    ) -> np.ndarray:
        """As `Remembering.propagate`."""
        size = pictures[0].shape[:2]
        scores = np.full((len(pictures), len(figures), *size), -1, np.float32)
        with self._torch.inference_mode():
            session = self._processor.init_video_session(video=list(pictures), inference_device=self._device)
            ids = list(range(1, len(figures) + 1))
            self._processor.add_inputs_to_inference_session(
                session, start, ids, input_masks=[f.astype(np.float32) for f in figures]
            )
            self._model(session, frame_idx=start)
            for reverse in (False, True):
                for seen in self._model.propagate_in_video_iterator(
                    session, start_frame_idx=start, reverse=reverse
                ):
                    (found,) = self._processor.post_process_masks(
                        [seen.pred_masks], original_sizes=[list(size)], binarize=False
                    )
                    scores[seen.frame_idx] = found[:, 0].float().cpu().numpy()
        return scores


class Sam2(Remembering):
    """SAM 2.1 through its makers' package `sam2`.

    ``weights``: a name of `animelayers.weights` or a checkpoint file; ``size``: tiny, small, base-plus or
    large, as the checkpoint; ``device`` as of `Net`. ``changes``: entries of the size's configuration that a
    checkpoint of another shape needs ('image_encoder.trunk.embed_dim').
    """

    def __init__(
        self,
        weights: Weighted,
        size: Literal["tiny", "small", "base-plus", "large"] = "tiny",
        device: Device = "auto",
        min_area: Share = 1 / 500,
        changes: Mapping[str, Any] | None = None,
    ):
        """Raises ValueError for an unknown size, WeightsError for a file that is missing or of another shape."""
        if size not in SIZES:
            raise ValueError(f"size {size!r} is unknown: one of {', '.join(SIZES)}")
        super().__init__(min_area)
        path = find(str(weights))
        import torch

        self._torch, place, what = torch, pick(device), f"SAM 2.1 {size}"
        state = checkpoint.state(path, what, place)
        if not isinstance(state, dict) or "model" not in state:
            raise WeightsError(f"{path} is no checkpoint of {what}: it holds no model")
        self._model = build(size, changes or {}).to(place).eval()
        checkpoint.fill(self._model, state["model"], path, what)

    def propagate(
        self, pictures: Sequence[np.ndarray], start: int, figures: Sequence[np.ndarray]
    ) -> np.ndarray:
        """As `Remembering.propagate`."""
        scores = np.full((len(pictures), len(figures), *pictures[0].shape[:2]), -1, np.float32)
        # The package reads a folder of JPEG files, and shows a bar for each pass.
        with (
            tempfile.TemporaryDirectory() as folder,
            self._torch.inference_mode(),
            contextlib.redirect_stderr(io.StringIO()),
        ):
            for t, picture in enumerate(pictures):
                quality = [cv2.IMWRITE_JPEG_QUALITY, _QUALITY]
                cv2.imwrite(
                    f"{folder}/{t}.jpg",
                    cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2BGR),
                    quality,
                )
            state = self._model.init_state(folder)
            for k, mask in enumerate(figures, 1):
                self._model.add_new_mask(state, start, k, mask)
            for reverse in (False, True):
                for t, _, found in self._model.propagate_in_video(
                    state, start_frame_idx=start, reverse=reverse
                ):
                    scores[t] = found[:, 0].float().cpu().numpy()
        return scores


def build(size: str, changes: Mapping[str, Any]) -> Any:
    """The untrained video predictor of a size; whatever Hydra was set to before stays so."""
    from hydra.core.global_hydra import GlobalHydra
    from hydra.utils import instantiate
    from omegaconf import OmegaConf

    ours = GlobalHydra.instance().is_initialized()
    import sam2

    if not ours:
        GlobalHydra.instance().clear()
    conf = OmegaConf.load(str(files(sam2) / f"configs/sam2.1/sam2.1_hiera_{SIZES[size]}.yaml")).model
    conf._target_ = "sam2.sam2_video_predictor.SAM2VideoPredictor"
    for name, value in changes.items():
        if name.endswith("_target_"):
            raise ValueError(f"changes may not name a class: {name}")
        OmegaConf.update(conf, name, value)
    return instantiate(conf, _recursive_=True)
