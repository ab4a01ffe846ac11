"""Weights of what fills holes. Facts only."""

from __future__ import annotations

from animelayers.weights.records import SETTINGS, STATED, Release, Terms, Weights, hub

_LAMA_PAGE = "https://github.com/advimman/lama"
_THIRD = "digest as those who fetched it wrote it down"
_SLAB: Terms = (
    "S-Lab 1.0",
    "S-Lab 1.0",
    "no",
    "licence file of the authors' repository; the file is pytorchcv's copy",
)
_RAFT: Terms = (
    "BSD-3-Clause",
    "not stated",
    "unknown",
    "the licence names code only; the file is pytorchcv's copy",
)


def _propainter(name: str, file: str, sha1: str, terms: Terms) -> Weights:
    # the names inside are those of pytorchcv's nets, and its own table pins the digest
    release = Release(f"https://github.com/osmr/imgclsmob/releases/download/v0.0.570/{file}.zip", file)
    return Weights(
        name,
        file,
        0,
        f"sha1:{sha1}",
        (release,),
        *terms,
        "https://github.com/sczhou/ProPainter",
        "video inpainting",
    )


RECORDS = (
    Weights(
        "lama",
        "big-lama.pt",
        205_669_692,
        "sha256:344c77bbcb158f17dd143070d1e789f38a66c04202311ae3a258ef66667a9ea9",
        (Release("https://github.com/Sanster/models/releases/download/add_big_lama/big-lama.pt"),),
        "Apache-2.0",
        "Apache-2.0",
        "yes",
        f"licence file of the repository, code and models; the file is another party's copy of them; {_THIRD}",
        _LAMA_PAGE,
        "inpainting",
    ),
    Weights(
        "lama-anime",
        "anime-manga-big-lama.pt",
        205_717_870,
        "sha256:479d3afdcb7ed2fd944ed4ebcc39ca45b33491f0f2e43eb1000bd623cfb41823",
        (
            Release(
                "https://github.com/Sanster/models/releases/download/AnimeMangaInpainting/anime-manga-big-lama.pt"
            ),
        ),
        "Apache-2.0",
        "not stated",
        "unknown",
        f"nothing was found that states a licence of these weights or their data; {_THIRD}",
        _LAMA_PAGE,
        "inpainting",
    ),
    # Half precision only: the same repository holds every part twice.
    hub(
        "sdxl-inpaint",
        "inpainting",
        "diffusers/stable-diffusion-xl-1.0-inpainting-0.1",
        ("Apache-2.0", "OpenRAIL++-M", "yes", f"{STATED}; the licence forbids certain uses"),
        "*.fp16.safetensors",
        *SETTINGS,
    ),
    _propainter(
        "propainter", "propainter-0000-5f3cc1e7.pth", "5f3cc1e7083fb5c49a7e5c574a06d41c763550a5", _SLAB
    ),
    _propainter(
        "propainter-flow",
        "propainter_rfc-0000-a865ddc0.pth",
        "a865ddc0281f27ff0814939a8c0101e936678312",
        _SLAB,
    ),
    _propainter(
        "propainter-raft", "raft_things-0000-d74fed4b.pth", "d74fed4b7511a95ca9713b69ff19a132210a1016", _RAFT
    ),
)
