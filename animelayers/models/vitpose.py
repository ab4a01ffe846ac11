"""ViTPose: Xu et al., Simple vision transformer baselines for human pose estimation, 2022, through the
transformers package.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Unpack

import numpy as np

from animelayers.imaging.skeleton import COUNT
from animelayers.models import checkpoint
from animelayers.models.net import Net, Placed
from animelayers.options import Named
from animelayers.weights import WeightsError


class VitPose:
    """The 17 joints of COCO of each person in a box: a `protocols.Poser`, trained on photographs.

    Crops and heatmaps are made and read by the library's own processor. ``weights``: a name of the table of
    weights, or a folder with the model's safetensors and its `preprocessor_config.json`; of ViTPose++ the
    expert for COCO answers. ``placed``: see `net.Net`; its batch counts people. Raises WeightsError for
    weights that are missing or another model's.
    """

    skeleton = "coco17"

    def __init__(self, weights: Named = "vitpose-base", **placed: Unpack[Placed]) -> None:
        path = checkpoint.folder(weights, ("vitpose",))
        self._processor = checkpoint.processor("AutoImageProcessor", path)
        model = checkpoint.model("VitPoseForPoseEstimation", path)
        if model.config.num_labels != COUNT[self.skeleton]:
            raise WeightsError(
                f"{path} finds {model.config.num_labels} joints, wanted are the {COUNT[self.skeleton]} of COCO"
            )
        self._net = Net(model, _heatmaps(model.config.backbone_config.num_experts), **placed)

    def __call__(
        self, pictures: Sequence[np.ndarray], boxes: Sequence[Sequence[tuple[int, int, int, int]]]
    ) -> list[np.ndarray]:
        """As `protocols.Poser`."""
        import torch
        from transformers.modeling_outputs import BaseModelOutput

        found = []
        for picture, those in zip(pictures, boxes, strict=True):
            if not those:
                found.append(np.zeros((0, COUNT[self.skeleton], 3), np.float32))
                continue
            places = [[[float(v) for v in (x, y, max(w, 1), max(h, 1))] for x, y, w, h in those]]
            inputs = self._processor(
                images=[np.ascontiguousarray(picture)],
                boxes=places,
                input_data_format="channels_last",
                return_tensors="np",
            )
            output = BaseModelOutput()
            output["heatmaps"] = torch.from_numpy(
                self._net(np.asarray(inputs["pixel_values"], np.float32))[0]
            )
            (people,) = self._processor.post_process_pose_estimation(output, boxes=places)
            joints = [
                np.concatenate([p["keypoints"].numpy(), p["scores"].clamp(0, 1).numpy()[:, None]], 1)
                for p in people
            ]
            found.append(np.stack(joints).astype(np.float32))
        return found


def _heatmaps(experts: int) -> Callable[..., Any]:
    """What calls the model, and tells ViTPose++ that it is the first of its data sets, COCO, that is asked."""

    def call(module: Any, pixels: Any) -> Any:
        if experts < 2:
            return module(pixels).heatmaps
        return module(pixels, dataset_index=pixels.new_zeros(len(pixels)).long()).heatmaps

    return call
