"""The table of weights, by name. A file is used only if its digest is the one given there; the facts stand
beside this file, by role.
"""

from __future__ import annotations

from animelayers.weights import annotation, enhancement, inpainting, matting, motion, segmentation
from animelayers.weights.records import Weights

TABLE: dict[str, Weights] = {
    weights.name: weights
    for part in (matting, segmentation, inpainting, motion, annotation, enhancement)
    for weights in part.RECORDS
}
