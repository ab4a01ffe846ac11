"""Grounded-SAM (Ren et al., 2024): boxes from Grounding DINO (Liu et al., 2023), masks in them from SAM 2
(Ravi et al., 2024).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

import numpy as np

from animelayers.models import checkpoint
from animelayers.models.clipseg import enlarged
from animelayers.models.net import Net, Placed
from animelayers.options import Below, Count, Named

DETECTORS = {
    "grounding-dino": "GroundingDinoForObjectDetection",
    "mm-grounding-dino": "MMGroundingDinoForObjectDetection",
}


class GroundedSam:
    """How likely each pixel is what each of some prompts says: a `protocols.Proposer`.

    All prompts are asked in one caption, in lower case, each ending in a full stop. A box counts where some
    word of the caption answers to it with more than ``box_threshold``, and for the prompts with a word of
    more than ``text_threshold``; at most the ``most`` best boxes of a picture. The map of a prompt is the
    probability of the masks in its boxes, 0 where there is none. ``detector``, ``segmenter``: names of the
    table of weights, or folders with safetensors, tokenizer and processor. ``placed``: see `net.Net`; its
    batch counts pictures. Raises WeightsError for weights that are missing or another model's, ValueError for
    an option out of range.
    """

    def __init__(
        self,
        detector: Named = "grounding-dino-tiny",
        segmenter: Named = "sam2.1-hiera-tiny",
        box_threshold: Below = 0.3,
        text_threshold: Below = 0.25,
        most: Count = 16,
        **placed: Unpack[Placed],
    ) -> None:
        if not 0 <= box_threshold < 1 or not 0 <= text_threshold < 1 or most < 1:
            raise ValueError(
                f"thresholds must be 0 or more and below 1 and most 1 or more, not {box_threshold}, {text_threshold} and {most}"
            )
        self._box, self._text, self._most = box_threshold, text_threshold, most
        paths = (
            checkpoint.folder(detector, tuple(DETECTORS)),
            checkpoint.folder(segmenter, ("sam2", "sam2_video")),
        )
        self._tokenizer = checkpoint.processor("AutoTokenizer", paths[0])
        self._prepared = (
            checkpoint.processor("AutoImageProcessor", paths[0]),
            checkpoint.processor("Sam2ImageProcessor", paths[1]),
        )
        name = DETECTORS[checkpoint.kind(paths[0])]
        self._detector = Net(checkpoint.model(name, paths[0]), _detected, **placed)
        self._segmenter = Net(checkpoint.model("Sam2Model", paths[1]), _masks, **placed)

    def __call__(self, pictures: Sequence[np.ndarray], prompts: Sequence[str]) -> list[np.ndarray]:
        """As `protocols.Proposer`."""
        maps = [np.zeros((len(prompts), *picture.shape[:2]), np.float32) for picture in pictures]
        if not prompts:
            return maps
        # pictures of one size are not padded, so that each gives what it gives alone
        for shape in dict.fromkeys(picture.shape for picture in pictures):
            alike = [i for i, picture in enumerate(pictures) if picture.shape == shape]
            for start in range(0, len(alike), self._detector.batch):
                part = alike[start : start + self._detector.batch]
                for i, found in zip(
                    part, self._of([np.ascontiguousarray(pictures[i]) for i in part], prompts), strict=True
                ):
                    maps[i] = maps[i] if found is None else found
        return maps

    def boxes(
        self, pictures: Sequence[np.ndarray], prompts: Sequence[str]
    ) -> list[tuple[np.ndarray, np.ndarray]]:
        """Boxes float32 (B, 4), x0 y0 x1 y1 in shares of the picture, best first, and which prompts each
        answers to, bool (B, P).

        All pictures are of one size.
        """
        prepared = self._prepared[0](
            images=list(pictures), input_data_format="channels_last", return_tensors="np"
        )
        best, answers, places = [], [], []
        for tokens, spans in self._captions(prompts):
            words, placed = self._detector(
                prepared["pixel_values"], prepared["pixel_mask"], np.tile(tokens, (len(pictures), 1))
            )
            best.append(words.max(axis=2))
            answers.append(
                np.stack([words[:, :, start:stop].max(axis=2) for start, stop in spans], 2) > self._text
            )
            places.append(placed)
        result = []
        for i in range(len(pictures)):
            score = np.concatenate([values[i] for values in best])
            says = np.concatenate([_seat(values[i], n, answers) for n, values in enumerate(answers)])
            centre, extent = np.split(np.concatenate([values[i] for values in places]), 2, axis=1)
            good = [k for k in np.argsort(-score, kind="stable") if score[k] > self._box and says[k].any()][
                : self._most
            ]
            result.append(
                (
                    np.clip(np.concatenate([centre - extent / 2, centre + extent / 2], 1), 0, 1)[good],
                    says[good],
                )
            )
        return result

    def _captions(self, prompts: Sequence[str]) -> list[tuple[np.ndarray, list[tuple[int, int]]]]:
        """Token ids of as few captions as hold all prompts, and from where to where each prompt stands in its
        own, without the full stop.
        """
        first, last, most = (
            self._tokenizer.cls_token_id,
            self._tokenizer.sep_token_id,
            self._detector.module.config.max_text_len,
        )
        captions: list[tuple[list[int], list[tuple[int, int]]]] = [([first], [])]
        for prompt in prompts:
            words = self._tokenizer(f"{prompt.strip().lower().rstrip('.')}.", add_special_tokens=False)[
                "input_ids"
            ]
            if len(words) + 2 > most:
                raise ValueError(
                    f"the prompt {prompt!r} has {len(words)} tokens, at most {most - 2} fit: shorten it"
                )
            if len(captions[-1][0]) + len(words) + 1 > most:
                captions.append(([first], []))
            tokens, spans = captions[-1]
            spans.append((len(tokens), len(tokens) + len(words) - 1))
            tokens += words
        return [(np.array([*tokens, last], np.int64), spans) for tokens, spans in captions]

    def _of(self, pictures: Sequence[np.ndarray], prompts: Sequence[str]) -> list[np.ndarray | None]:
        """Maps (P, H, W) of pictures of one size; None without a box."""
        found = self.boxes(pictures, prompts)
        boxed = [i for i, (boxes, _) in enumerate(found) if len(boxes)]
        maps: list[np.ndarray | None] = [None] * len(pictures)
        if boxed:
            most = max(len(found[i][0]) for i in boxed)
            pixels = self._prepared[1](
                images=[pictures[i] for i in boxed], input_data_format="channels_last", return_tensors="np"
            )["pixel_values"]
            side = np.array(pixels.shape[:1:-1] * 2, np.float32)
            # what is too much is asked again and not looked at
            asked = np.stack([np.resize(found[i][0], (most, 4)) * side for i in boxed])
            for i, masks in zip(boxed, self._segmenter(pixels, asked)[0], strict=True):
                planes = [masks[: len(says)][says].max(axis=0, initial=0) for says in found[i][1].T]
                maps[i] = enlarged(np.stack(planes), pictures[i].shape[:2])
        return maps


def _seat(says: np.ndarray, number: int, answers: Sequence[np.ndarray]) -> np.ndarray:
    """What the boxes of caption `number` say (Q, p), among the prompts of all captions (Q, P)."""
    widths = [values.shape[2] for values in answers]
    return np.pad(says, ((0, 0), (sum(widths[:number]), sum(widths[number + 1 :]))))


def _detected(module: Any, pixels: Any, mask: Any, tokens: Any) -> Any:
    """How far each box answers to each token, (N, Q, L), 0..1, and the boxes (N, Q, 4), centre and size in
    shares of the picture.
    """
    made = module(pixel_values=pixels, pixel_mask=mask, input_ids=tokens)
    return made.logits[..., : tokens.shape[1]].sigmoid(), made.pred_boxes


def _masks(module: Any, pixels: Any, boxes: Any) -> Any:
    """The probability of the mask in each of the boxes (N, B, 4), in the model's pixels: (N, B, h, w)."""
    return (
        module(pixel_values=pixels, input_boxes=boxes, multimask_output=False).pred_masks[:, :, 0].sigmoid()
    )
