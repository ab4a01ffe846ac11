"""Automatic masks of SAM 2.1 (Ravi et al., 2024) through its makers' package or transformers.

Both packages are imported when a segmenter is built, which a step does in its worker: `sam2` initialises
Hydra as it is imported.
"""

from __future__ import annotations

from collections.abc import Mapping
from pickle import UnpicklingError
from typing import Any, Unpack

from animelayers.models import checkpoint, sam2_masks_parts, sam2_track
from animelayers.models.net import Device, Placed, Precision
from animelayers.models.sam2_masks_grid import Asking, GridMasks, Sizes, Tensor
from animelayers.models.sam2_masks_parts import Parts
from animelayers.options import Batch, Named, Weighted
from animelayers.weights import WeightsError, find

_BLOCKS = {12: "tiny", 16: "small", 24: "base-plus", 48: "large"}
_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class Sam2Masks(GridMasks):
    """Masks by the package `sam2`.

    ``weights``: a name of the table of weights (sam2.1-tiny, …) or a checkpoint file; its size is read from
    it. ``changes``: entries of the tiny size's configuration that a checkpoint of another shape needs
    ('image_encoder.trunk.embed_dim'). ``device``, ``precision``, ``batch``: as `Net`, ``batch`` in pictures.
    ``asking``: as `GridMasks`.
    """

    def __init__(
        self,
        weights: Named = "sam2.1-tiny",
        changes: Mapping[str, Any] | None = None,
        device: Device = "auto",
        precision: Precision = "auto",
        batch: Batch = 4,
        **asking: Unpack[Asking],
    ) -> None:
        """Raises WeightsError for a file that is missing or of another shape, ValueError for an option out of
        range.
        """
        import torch

        path = find(weights)
        try:
            state = torch.load(path, map_location="cpu", weights_only=True)["model"]
            size = "tiny" if changes else _size(state)
            model = sam2_track.build(size, changes or {})
            model.load_state_dict(state)
        except (RuntimeError, KeyError, EOFError, OSError, TypeError, UnpicklingError) as error:
            raise WeightsError(f"{path} is no checkpoint of SAM 2.1: {str(error).splitlines()[0]}") from error
        sizes = Sizes(model.image_size, _MEAN, _DEVIATION)
        super().__init__(model, sizes, Placed(device=device, precision=precision, batch=batch), **asking)

    def parts(self, module: Any) -> tuple[Parts, Tensor, Tensor]:
        """As `GridMasks.parts`."""
        prompt = module.sam_prompt_encoder
        return (
            sam2_masks_parts.of_package(module.sam_mask_decoder),
            prompt.get_dense_pe(),
            prompt.no_mask_embed.weight[0],
        )

    def features(self, module: Any, pixels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """As `GridMasks.features`."""
        fine, middle, embedding = module.forward_image(pixels)["backbone_fpn"][-3:]
        return embedding + module.no_mem_embed.view(1, -1, 1, 1), middle, fine

    def prompts(self, module: Any, points: Tensor) -> Tensor:
        """As `GridMasks.prompts`."""
        labels = points.new_ones((len(points), 1), dtype=self._torch.int)
        return module.sam_prompt_encoder(points=(points[:, None], labels), boxes=None, masks=None)[0]


class TransformersMasks(GridMasks):
    """Masks by transformers' Sam2Model.

    ``weights``: a name of the table of weights, or a folder with model and processor. The rest as
    `Sam2Masks`.
    """

    def __init__(
        self,
        weights: Weighted,
        device: Device = "auto",
        precision: Precision = "auto",
        batch: Batch = 4,
        **asking: Unpack[Asking],
    ) -> None:
        """Raises WeightsError for weights that are missing or of another architecture, ValueError for an
        option out of range.
        """
        # the makers' folders hold the tracker too
        path = checkpoint.folder(str(weights), ("sam2", "sam2_video"))
        model, processor = (
            checkpoint.model("Sam2Model", path),
            checkpoint.processor("Sam2ImageProcessor", path),
        )
        sizes = Sizes(processor.size["height"], processor.image_mean, processor.image_std)
        super().__init__(model, sizes, Placed(device=device, precision=precision, batch=batch), **asking)

    def parts(self, module: Any) -> tuple[Parts, Tensor, Tensor]:
        """As `GridMasks.parts`."""
        places = module.get_image_wide_positional_embeddings()
        return (
            sam2_masks_parts.of_transformers(module.mask_decoder),
            places,
            module.prompt_encoder.no_mask_embed.weight[0],
        )

    def features(self, module: Any, pixels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """As `GridMasks.features`."""
        fine, middle, embedding = module.get_image_embeddings(pixels)
        return embedding, middle, fine

    def prompts(self, module: Any, points: Tensor) -> Tensor:
        """As `GridMasks.prompts`."""
        labels = points.new_ones((1, len(points), 1), dtype=self._torch.int)
        return module.get_prompt_embeddings(input_points=points[None, :, None], input_labels=labels)[0][0]


def _size(state: Mapping[str, Any]) -> str:
    blocks = {name.split(".")[3] for name in state if name.startswith("image_encoder.trunk.blocks.")}
    if len(blocks) not in _BLOCKS:
        raise KeyError(
            f"its image encoder has {len(blocks)} blocks, that of the sizes {', '.join(_BLOCKS.values())} {', '.join(map(str, _BLOCKS))}"
        )
    return _BLOCKS[len(blocks)]
