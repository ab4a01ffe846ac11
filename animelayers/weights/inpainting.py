"""Weights of what fills holes. Facts only."""

from __future__ import annotations

from animelayers.weights.records import SETTINGS, STATED, Release, Terms, Weights, hub

_LAMA_PAGE = "https://github.com/advimman/lama"
_THIRD = "digest as those who fetched it wrote it down"
_PROPAINTER: Terms = ("S-Lab 1.0", "S-Lab 1.0", "no", f"licence file of the repository: not for commercial use; {_THIRD}")


def _propainter(name: str, file: str, size: int, sha256: str) -> Weights:
    release = Release(f"https://github.com/sczhou/ProPainter/releases/download/v0.1.0/{file}")
    return Weights(name, file, size, f"sha256:{sha256}", (release,), *_PROPAINTER, "https://github.com/sczhou/ProPainter", "video inpainting")


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
        (Release("https://github.com/Sanster/models/releases/download/AnimeMangaInpainting/anime-manga-big-lama.pt"),),
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
    _propainter("propainter", "ProPainter.pth", 157_780_510, "12c070c4b48f374c91d8a2a17851140b85c159621080989f9e191bbc18bd6591"),
    _propainter("propainter-flow", "recurrent_flow_completion.pth", 20_348_681, "22939a1a7900da878dbe1ccd011d646b1bfb30b8290039d8ff0e0c2fefbfd283"),
    _propainter("propainter-raft", "raft-things.pth", 21_108_000, "fcfa4125d6418f4de95d84aec20a3c5f4e205101715a79f193243c186ac9a7e1"),
)
