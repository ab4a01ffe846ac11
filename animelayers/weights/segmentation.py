"""Weights of what finds things in a picture: by themselves, by points and boxes, by words. Facts only."""

from __future__ import annotations

from animelayers.weights.records import NOT_STATED, STATED, Release, Terms, Weights, hub

_SAM2: Terms = ("Apache-2.0", "Apache-2.0", "yes", "licence file of the repository, code and checkpoints")
_MASK2FORMER: Terms = (
    "MIT",
    "other",
    "unknown",
    "the model card names no licence of its own; trained on COCO; not read again for this table",
)
_APACHE: Terms = ("Apache-2.0", "Apache-2.0", "yes", STATED)
_MIT: Terms = ("MIT", "MIT", "yes", STATED)


def _sam2(size: str, file: str, length: int, sha256: str) -> Weights:
    # The publisher pins nothing; many who fetched the files wrote down the same digests.
    release = Release(f"https://dl.fbaipublicfiles.com/segment_anything_2/092824/{file}")
    page = "https://github.com/facebookresearch/sam2"
    return Weights(
        f"sam2.1-{size}", file, length, f"sha256:{sha256}", (release,), *_SAM2, page, "masks and tracking"
    )


RECORDS = (
    hub(
        "mask2former-coco-instance",
        "segmentation",
        "facebook/mask2former-swin-small-coco-instance",
        _MASK2FORMER,
    ),
    hub(
        "mask2former-coco-panoptic",
        "segmentation",
        "facebook/mask2former-swin-large-coco-panoptic",
        _MASK2FORMER,
    ),
    hub(
        "animeseg", "segmentation", "suzukimain/AnimeSeg", ("not stated", "not stated", "unknown", NOT_STATED)
    ),
    hub("eomt", "segmentation", "tue-mps/coco_panoptic_eomt_large_640", _MIT),
    hub("oneformer", "segmentation", "shi-labs/oneformer_ade20k_swin_tiny", _MIT),
    _sam2(
        "tiny",
        "sam2.1_hiera_tiny.pt",
        156_008_466,
        "7402e0d864fa82708a20fbd15bc84245c2f26dff0eb43a4b5b93452deb34be69",
    ),
    _sam2(
        "small",
        "sam2.1_hiera_small.pt",
        184_416_285,
        "6d1aa6f30de5c92224f8172114de081d104bbd23dd9dc5c58996f0cad5dc4d38",
    ),
    _sam2(
        "base-plus",
        "sam2.1_hiera_base_plus.pt",
        323_606_802,
        "a2345aede8715ab1d5d31b4a509fb160c5a4af1970f199d9054ccfb746c004c5",
    ),
    _sam2(
        "large",
        "sam2.1_hiera_large.pt",
        898_083_611,
        "2647878d5dfa5098f2f8649825738a9345572bae2d4350a2468587ece47dd318",
    ),
    *(
        hub(f"sam2.1-hiera-{size}", "masks and tracking", f"facebook/sam2.1-hiera-{size}", _SAM2)
        for size in ("tiny", "small", "base-plus", "large")
    ),
    hub(
        "sam3",
        "masks and tracking",
        "facebook/sam3",
        (
            "SAM License",
            "SAM License",
            "unknown",
            "a licence of its own, agreed to before the download: read it",
        ),
        gated=True,
    ),
    hub(
        "edgetam",
        "masks and tracking",
        "yonigozlan/EdgeTAM-hf",
        ("Apache-2.0", "Apache-2.0", "yes", "licence file of the makers' repository"),
    ),
    hub("clipseg", "things by words", "CIDAS/clipseg-rd64-refined", ("MIT", "Apache-2.0", "yes", STATED)),
    hub("grounding-dino-tiny", "things by words", "IDEA-Research/grounding-dino-tiny", _APACHE),
    hub("grounding-dino-base", "things by words", "IDEA-Research/grounding-dino-base", _APACHE),
    hub(
        "mm-grounding-dino-tiny",
        "things by words",
        "openmmlab-community/mm_grounding_dino_tiny_o365v1_goldg_v3det",
        _APACHE,
    ),
    hub("owlv2", "things by words", "google/owlv2-base-patch16-ensemble", _APACHE),
)
