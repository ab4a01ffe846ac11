"""Layers of drawings people have: the figure, the effect and the background of a PSD or OpenRaster file, told
apart by the names of layers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import IO, Any

import numpy as np

from animelayers.exports.ora import read_ora
from animelayers.exports.psd import read_psd
from animelayers.exports.stack import FRAME, PLATE, Layer, off_black
from animelayers.imaging.recompose import blend
from animelayers.sources.asked import Asked
from animelayers.sources.seen import Drawn, Seen, over

FIGURE, EFFECT, BACKGROUND = "character", "effect", "background"
_NAMES = (
    (
        FIGURE,
        "character characters char chars chara cel cels cell figure figures person people girl boy キャラ キャラクター 人物 セル",
    ),
    (EFFECT, "effect effects fx efx vfx glow flare aura beam beams spark sparks エフェクト 効果 特効"),
    (BACKGROUND, "background backgrounds bg bgs backdrop scenery 背景"),
)
_WORD = re.compile(r"[a-z]+|[^\W\d_a-z]+")
_MODES = ("over", "add", "screen", "multiply")
# levels by which the layers together may differ from the picture in the mean: another profile, a mode nobody
# here knows
_NEAR = 3.0


def with_layers(seen: Seen, file: IO[bytes], kind: str, asked: Asked) -> Seen:
    """A merged picture of a file of a `kind` (PSD, ORA, KRA) with what its layers give, and a note of it.

    Where the file's own merged picture is blank, as some programs leave it, the layers' is taken. Damaged
    layers are only told: the merged picture is there. Raises nothing.
    """
    if kind == "KRA":
        return seen.doubting(
            note="the layers of a Krita file are not read: save it as OpenRaster to give them"
        )
    try:
        layers = [
            layer
            for layer in (read_psd if kind == "PSD" else read_ora)(file.read())
            if layer.name not in (PLATE, FRAME)
        ]
    except ValueError as problem:
        return seen.doubting(note=f"its layers are left out: {problem}")
    layers = [layer for layer in layers if layer.shown and layer.picture[..., 3].any()]
    if not layers or any(layer.picture.shape[:2] != seen.pixels.shape[:2] for layer in layers):
        return seen
    strange = sorted({layer.mode for layer in layers} - {*_MODES})
    whole = None if strange else _over_all(layers)
    if whole is not None and seen.alpha is not None and not seen.alpha.any():
        seen = _merged(seen, whole, asked)
    roles = _roles(layers)
    if not {FIGURE, EFFECT} & {*roles}:
        return (
            seen.doubting(
                note=f"no name of its {len(layers)} layers says character or effect: only the whole is taken"
            )
            if len(layers) > 1
            else seen
        )
    found = Drawn(
        alpha=_alpha([layer for layer, role in zip(layers, roles, strict=True) if role == FIGURE])
        if FIGURE in roles
        else None
    )
    shown = None if whole is None else over(whole[..., :3], whole[..., 3], asked.alpha_on)
    if shown is None or np.abs(shown.astype(np.int16) - seen.pixels).mean() > _NEAR:
        why = f"blend mode {strange[0]}" if strange else "they do not give the picture"
        return seen._replace(layers=found).doubting(
            note=f"of its layers only the figure's alpha is taken: {why}"
        )
    found = found._replace(**_behind(layers, roles), **_light(layers, roles))
    named = [
        name
        for name in (FIGURE, EFFECT, BACKGROUND)
        if getattr(found, "alpha" if name == FIGURE else name) is not None
    ]
    return seen._replace(layers=found).doubting(note=f"{', '.join(named)} from its own layers")


def _roles(layers: Sequence[Layer]) -> list[str]:
    """What each layer is, the lowest first: by its name, else its group's, else as the one below it; the
    lowest of no name is background.
    """
    roles: list[str] = []
    for layer in layers:
        told = next((role for text in (layer.name, layer.group) if (role := _role(text))), "")
        roles.append(told or (roles[-1] if roles else BACKGROUND))
    return roles


def _role(text: str) -> str:
    words = set(_WORD.findall(text.lower()))
    return next((role for role, names in _NAMES if not words.isdisjoint(names.split())), "")


def _merged(seen: Seen, whole: np.ndarray, asked: Asked) -> Seen:
    alpha = whole[..., 3]
    pixels = over(whole[..., :3], alpha, asked.alpha_on)
    return seen._replace(pixels=pixels, alpha=None if alpha.min() == 255 else alpha).doubting(
        note="its merged picture is blank: its layers are shown"
    )


def _over_all(layers: Sequence[Layer]) -> np.ndarray:
    """Layers in their modes over nothing, straight RGBA uint8 (H, W, 4). Light on nothing shows nothing."""
    height, width = layers[0].picture.shape[:2]
    picture = np.zeros((height, width, 3), np.uint8)
    cover: np.ndarray = np.zeros((height, width), np.float32)
    for layer in layers:
        share = layer.picture[..., 3].astype(np.float32) / 255
        if layer.mode == "over":
            total = share + cover * (1 - share)
            part = np.divide(share, total, out=np.zeros_like(share), where=total > 0)
            mixed = picture + (layer.picture[..., :3].astype(np.float32) - picture) * part[..., None]
            picture, cover = np.rint(mixed).astype(np.uint8), total
        else:
            picture = blend(picture, layer.picture, layer.mode)
    return np.dstack([picture, np.rint(255 * cover).astype(np.uint8)])


def _alpha(layers: Sequence[Layer]) -> np.ndarray:
    """The alpha of a figure's layers together: shades and lights upon it cover nothing more."""
    solid = [layer for layer in layers if layer.mode == "over"] or layers
    return np.ascontiguousarray(_over_all([layer._replace(mode="over") for layer in solid])[..., 3])


def _behind(layers: Sequence[Layer], roles: Sequence[str]) -> dict[str, Any]:
    """The background, where its layers leave no hole."""
    own = [layer for layer, role in zip(layers, roles, strict=True) if role == BACKGROUND]
    if not own:
        return {}
    whole = _over_all(own)
    return {"background": np.ascontiguousarray(whole[..., :3])} if whole[..., 3].min() == 255 else {}


def _light(layers: Sequence[Layer], roles: Sequence[str]) -> dict[str, Any]:
    """The effect and its mode, where its layers share one; what lies under the figure shows beside it alone."""
    own = [
        (layer, place)
        for place, (layer, role) in enumerate(zip(layers, roles, strict=True))
        if role == EFFECT
    ]
    modes = {layer.mode for layer, _ in own}
    if len(modes) != 1 or "multiply" in modes:
        return {}
    (mode,) = modes
    parts = []
    for layer, place in own:
        above = [other for other, role in zip(layers[place:], roles[place:], strict=True) if role == FIGURE]
        picture = layer.picture
        if above:
            picture = picture.copy()
            picture[..., 3] = (picture[..., 3] * (1 - _alpha(above).astype(np.float32) / 255)).astype(
                np.uint8
            )
        parts.append(layer._replace(picture=picture))
    if len(parts) == 1 or mode == "over":
        return {"effect": _over_all([part._replace(mode="over") for part in parts]), "mode": mode}
    light = np.zeros((*parts[0].picture.shape[:2], 3), np.uint8)
    for part in parts:
        light = blend(light, part.picture, mode)
    return {"effect": off_black(np.dstack([light, np.full(light.shape[:2], 255, np.uint8)])), "mode": mode}
