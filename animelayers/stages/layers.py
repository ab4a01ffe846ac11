"""Stage 2b: the layers of a shot, figures and effects before a clean plate, from what all its drawings show
together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, NamedTuple

import cv2
import numpy as np

from animelayers.engine.rules import left_out
from animelayers.engine.step import ClipStep
from animelayers.imaging.evidence import nothing
from animelayers.imaging.motion import canvas, placed
from animelayers.imaging.plate import Plate, clean_plate
from animelayers.imaging.views import view
from animelayers.models.portrait import shrink
from animelayers.models.protocols import Layering, Proposer
from animelayers.options import Within
from animelayers.record.column import F32, F64, U8
from animelayers.record.schema import blank
from animelayers.shot.agree import agreed, painted, settled
from animelayers.shot.doubt import believed
from animelayers.shot.estimate import Given, Labelled, estimate
from animelayers.shot.light import Light, Under, layer, mode_of, named
from animelayers.shot.matte import coverage, finished
from animelayers.shot.params import tuned
from animelayers.shot.shade import shade

PROMPTS = (
    "glowing energy effect", "fire and flames", "light beam attack", "light beam", "magical sparkles", "explosion effect",
    "energy aura around character", "magical transformation effect", "summon circle glowing", "glowing aura", "fire effect",
)  # fmt: skip
"""What is asked for unless other words are given."""
_SHORT = 576  # pixels of the short side that pictures are handed to a proposer at
_KNOWN = 0.9  # share of a pixel of the net's picture from which the plate is known there
_FIGURE, _EFFECT, _SHADOW = 0, 1, 2
_OWN = "layernet"


Effects = tuple[U8, list[str], list[list[str]], F32, F32, U8]
"""The effect, its modes, its types, its intensity, its coverage, and what is left without it."""
Shadows = tuple[U8, F32]
"""The shadow and its coverage."""


class Made(NamedTuple):
    """What `Layers` writes."""

    character: U8
    matte_model: list[str]
    plate: U8
    plate_seen: U8
    plate_trust: float
    effect: U8
    effect_mode: list[str]
    effect_types: list[list[str]]
    effect_intensity: F32
    effect_coverage: F32
    frame_without_effect: U8
    shadow: U8
    shadow_coverage: F32


class Layers(ClipStep):
    """Figures, effects in front of everything, and the clean plate, by LayerNet with the shot's own evidence.

    ``net``: the net, shown in turn the drawings with the plate that the others show, and asked for that plate
    again; None leaves figures as the matte found them, and finds no effects. Mattes of other models than
    LayerNet's own have half a say in what is a figure. The plate is the look that most drawings share outside
    of figures, effects and shadows. Effects are un-mixed from it, in the blend mode (over, add, screen) that
    most of their area asks for; ``frame_without_effect`` is what is left without them. Shadows are what
    darkens it where the net sees one.

    ``proposer``: finds what ``effect_prompts`` say, where a probability is at least ``effect_threshold``,
    0..1: that is an effect as well, and names what it covers (`effect_types`). ``params``: any field of
    `shot.Params`. ``without``: rules left out. evidence: every drawing for itself; paint: labels may change
    within one colour; agreement: labels as they come; doubt: figures that the net is nowhere sure of stay;
    snapping: outlines as the net's size leaves them; effects: none; shadows: none, they stay in the plate.
    """

    name = "layers"
    version = 7
    rules = ("evidence", "paint", "agreement", "doubt", "snapping", "effects", "shadows")

    def __init__(
        self,
        net: Layering | None = None,
        proposer: Proposer | None = None,
        effect_prompts: Sequence[str] = PROMPTS,
        effect_threshold: Annotated[float, Within(0, 1, above=True, below=True)] = 0.5,
        params: Mapping[str, float] | None = None,
        without: Sequence[str] = (),
    ) -> None:
        """Raises ValueError for a value out of range, an unknown parameter or an unknown rule."""
        self.params = tuned(params)
        if not 0 < effect_threshold < 1:
            raise ValueError(f"effect_threshold must be above 0 and below 1, not {effect_threshold}")
        if isinstance(effect_prompts, str) or not all(
            isinstance(p, str) and p.strip() and "," not in p for p in effect_prompts
        ):
            raise ValueError(
                f"effect_prompts must be a list of words without commas, like [fire and flames, smoke], not {effect_prompts!r}"
            )
        if proposer and not effect_prompts:
            raise ValueError(
                "a proposer needs effect_prompts: name what to look for, or choose model/effect=none"
            )
        self.net, self.proposer, self.prompts, self.threshold = (
            net,
            proposer,
            list(effect_prompts),
            effect_threshold,
        )
        self.without = left_out(without, self.rules)

    @classmethod
    def check(cls, options: Mapping[str, Any]) -> None:
        """Refuse unknown rules and tunables before any worker starts."""
        super().check(options)
        tuned(options.get("params"))

    def clip(
        self,
        *,
        frames: U8,
        character: U8,
        matte_model: list[str],
        homography: F64 | None = None,
        camera_motion: str | None = None,
        context: U8 | None = None,
        context_character: U8 | None = None,
        context_homography: F64 | None = None,
    ) -> Made:
        """The written columns of one clip."""
        if not len(frames):
            return Made(
                character,
                matte_model,
                blank("plate"),
                blank("plate_seen"),
                0.0,
                *_effects([], frames, [], []),
                *_shadows([], frames),
            )
        cameras = homography if camera_motion != "unknown" else None
        beside: tuple[U8, U8, F64] = (blank("context"), blank("context_character"), np.zeros((0, 3, 3)))
        if (
            context is not None
            and context_homography is not None
            and len(context)
            and len(context_homography)
        ):
            beside = (context, *beside[1:])
            if context_character is not None and len(context_character):
                beside = (context, context_character, context_homography)
        given = Given(frames, cameras, *beside)
        maps = self._maps(frames) if self.proposer else []
        found = self._labelled(given, character, matte_model, maps)
        alphas = (
            character
            if self.net is None
            else np.stack([self._matte(*each) for each in zip(frames, found.labels, strict=True)])
        )
        plate = self._plate(given, alphas, found)
        under = self._under(frames, found, plate, homography)
        lights = (
            [None] * len(frames) if "effects" in self.without else self._lights(frames, alphas, found, under)
        )
        shades = (
            [None] * len(frames)
            if "shadows" in self.without
            else self._shades(frames, alphas, found, under, lights)
        )
        picture, seen, trust = (
            (blank("plate"), blank("plate_seen"), 0.0) if plate is None else self._stored(plate)
        )
        effects = _effects(lights, frames, maps, self.prompts, self.threshold)
        return Made(
            alphas,
            self._names(matte_model, alphas),
            picture,
            seen,
            trust,
            *effects,
            *_shadows(shades, frames),
        )

    def _labelled(
        self, given: Given, alphas: np.ndarray, names: Sequence[str], maps: Sequence[np.ndarray]
    ) -> Labelled:
        """The labels of each drawing, with what other models say: in `alphas`, of such names, and `maps`."""
        if self.net is None:
            size = (given.frames.shape[2] // 2 or 1, given.frames.shape[1] // 2 or 1)
            labels = [np.stack([coverage(a, size), *np.zeros((2, *size[::-1]), np.float32)]) for a in alphas]
            found = Labelled(labels, [nothing(size[::-1])] * len(labels), [])
        else:
            found = estimate(
                given._replace(cameras=None) if "evidence" in self.without else given, self.net, self.params
            )
        for label, alpha, name in zip(found.labels, alphas, names, strict=True):
            if self.net is not None and not set(name.split("+")) <= {_OWN, "none"}:
                label[_FIGURE] = (label[_FIGURE] + coverage(alpha, label.shape[:0:-1])) / 2
        if self.net is not None and "paint" not in self.without:
            found = found._replace(labels=painted(found.labels, found.small, self.params))
        if self.net is not None and "agreement" not in self.without:
            told = found.labels
            if found.positions is not None:
                told = settled(told, found.small, found.positions, self.params)
            found = found._replace(labels=agreed(told, found.small, self.params))
        for label, name in zip(found.labels, names, strict=True):
            # what two nets say of a figure is half believed where they differ
            if (
                self.net is not None
                and "doubt" not in self.without
                and set(name.split("+")) <= {_OWN, "none"}
            ):
                label[_FIGURE] = believed(label[_FIGURE], self.params)
        for label, asked in zip(found.labels, maps, strict=False):
            claimed = coverage(
                (asked.max(0) >= self.threshold).astype(np.uint8) * np.uint8(255), label.shape[:0:-1]
            )
            label[_EFFECT] = np.maximum(label[_EFFECT], claimed)
        return found

    def _matte(self, picture: np.ndarray, label: np.ndarray) -> np.ndarray:
        return finished(
            picture,
            label[_FIGURE],
            replace(self.params, snap=0) if "snapping" in self.without else self.params,
        )

    def _plate(self, given: Given, character: np.ndarray, found: Labelled) -> Plate | None:
        if given.cameras is None or len(given.frames) + len(given.context) < 2:
            return None
        size = given.frames.shape[2:0:-1]
        layers = (_EFFECT,) if "shadows" in self.without else (_EFFECT, _SHADOW)
        covers = []
        for alpha, label in zip(character, found.labels, strict=True):
            other = label[list(layers)].max(0)
            cover = (
                alpha
                if other.max() < self.params.faint
                else np.maximum(alpha, _resized_up(np.clip(2 * other, 0, 1), size))
            )
            covers.append(cover)
        frames, places = list(given.frames), list(given.cameras)
        for k in np.flatnonzero(placed(given.context_cameras)).tolist() if len(given.context_cameras) else ():
            frames.append(given.context[k])
            covers.append(given.context_alphas[k])
            places.append(given.context_cameras[k])
        plate = clean_plate(frames, covers, places, canvas(np.stack(places), size))
        return plate if plate.trust >= self.params.trust else None

    def _under(
        self, frames: np.ndarray, found: Labelled, plate: Plate | None, cameras: np.ndarray | None
    ) -> list[Under | None]:
        """The plate as each drawing would see it that has an effect or a shadow, None for the others."""
        under: list[Under | None] = [None] * len(frames)
        for i, (frame, label) in enumerate(zip(frames, found.labels, strict=True)):
            if (
                plate is not None
                and cameras is not None
                and ((label[_EFFECT] > self.params.lit).any() or (label[_SHADOW] > self.params.dim).any())
            ):
                registration = view(cameras[i], frame.shape[1::-1], plate.picture.shape[1::-1])
                under[i] = Under(
                    plate.lights[i].cast(registration.back(plate.picture)),
                    registration.back(plate.seen, smooth=False) > 0,
                )
        return under

    def _shades(
        self,
        frames: np.ndarray,
        character: np.ndarray,
        found: Labelled,
        under: Sequence[Under | None],
        lights: Sequence[Light | None],
    ) -> list[np.ndarray | None]:
        """The shadow of each drawing, None for none."""
        made: list[np.ndarray | None] = []
        for frame, alpha, label, below, light in zip(
            frames, character, found.labels, under, lights, strict=True
        ):
            covers = [alpha] if light is None else [alpha, cv2.extractChannel(light.rgba, 3)]
            made.append(None if below is None else shade(frame, label[_SHADOW], covers, below, self.params))
        return made

    def _lights(
        self, frames: np.ndarray, character: np.ndarray, found: Labelled, under: Sequence[Under | None]
    ) -> list[Light | None]:
        labels = [label[_EFFECT] for label in found.labels]
        if not any((label > self.params.lit).any() for label in labels):
            return [None] * len(frames)
        mode = "over"
        told = [i for i, each in enumerate(under) if each is not None]
        if told:
            size = labels[0].shape[::-1]
            below = [
                Under(
                    shrink(u.picture, size), coverage(u.known.view(np.uint8) * np.uint8(255), size) > _KNOWN
                )
                for u in under
                if u is not None
            ]
            mode = mode_of(
                [shrink(frames[i], size) for i in told], [labels[i] for i in told], below, self.params
            )
        return [
            layer(*each, mode, self.params) for each in zip(frames, labels, character, under, strict=True)
        ]

    def _stored(self, plate: Plate) -> tuple[np.ndarray, np.ndarray, float]:
        return np.where(plate.seen[..., None] > 0, plate.picture, 0).astype(np.uint8), plate.seen, plate.trust

    def _names(self, names: list[str], character: np.ndarray) -> list[str]:
        """Whose mattes these are."""
        if self.net is None:
            return names
        made = []
        for name, alpha in zip(names, character, strict=True):
            parts = [part for part in name.split("+") if part not in (_OWN, "none")]
            made.append("+".join([*parts, _OWN]) if alpha.any() else "none")
        return made

    def _maps(self, pictures: np.ndarray) -> list[np.ndarray]:
        """Maps of the prompts, float32 (P, h, w) for each picture."""
        assert self.proposer is not None
        scale = min(1.0, _SHORT / min(pictures.shape[1:3]))
        size = (round(pictures.shape[2] * scale), round(pictures.shape[1] * scale))
        return [
            found for picture in pictures for found in self.proposer([shrink(picture, size)], self.prompts)
        ]


def _effects(
    lights: Sequence[Light | None],
    frames: np.ndarray,
    maps: Sequence[np.ndarray],
    prompts: Sequence[str],
    threshold: float = 0.5,
) -> Effects:
    """The effects in front of drawings, none where nothing is lit."""
    count = len(frames)
    if not any(light is not None for light in lights):
        none = np.zeros((1, *frames.shape[1:3], 4), np.uint8)
        # one blank plane seen as many: most shots have no effect
        empty = np.broadcast_to(none, (count, *none.shape[1:]))
        return (
            empty,
            ["none"] * count,
            [[] for _ in range(count)],
            np.zeros(count, np.float32),
            np.zeros(count, np.float32),
            blank("frame_without_effect"),
        )
    effect = np.zeros((count, *frames.shape[1:3], 4), np.uint8)
    modes, total, there, without = ["none"] * count, np.zeros(count), np.zeros(count), []
    types: list[list[str]] = [[] for _ in range(count)]
    for k, light in enumerate(lights):
        if light is None or not light.rgba[..., 3].any():
            continue
        effect[k], modes[k] = light.rgba, light.mode
        alpha = cv2.extractChannel(light.rgba, 3)
        total[k], there[k] = cv2.sumElems(alpha)[0] / 255, cv2.countNonZero(alpha)
        without.append(light.without)
        if maps:
            said = named(
                maps[k],
                cv2.resize(alpha, maps[k].shape[:0:-1], interpolation=cv2.INTER_AREA),
                prompts,
                threshold,
            )
            types[k] = ["_".join(word.split()) for word in said]
    intensity, coverage = (
        share.astype(np.float32) for share in (total / np.maximum(there, 1), total / effect[0, ..., 0].size)
    )
    return (
        effect,
        modes,
        types,
        intensity,
        coverage,
        np.stack(without) if without else blank("frame_without_effect"),
    )


def _shadows(shades: Sequence[np.ndarray | None], frames: np.ndarray) -> Shadows:
    """The shadows of drawings, none for a clip without."""
    if not any(made is not None for made in shades):
        return blank("shadow"), np.zeros(len(frames), np.float32)
    shadow = np.zeros((*frames.shape[:3], 4), np.uint8)
    coverage = np.zeros(len(frames), np.float32)
    for k, made in enumerate(shades):
        if made is not None:
            shadow[k], coverage[k] = made, cv2.mean(cv2.extractChannel(made, 3))[0] / 255
    return shadow, coverage


def _resized_up(plane: np.ndarray, size: Sequence[int]) -> np.ndarray:
    return np.rint(
        255 * cv2.resize(plane, (int(size[0]), int(size[1])), interpolation=cv2.INTER_LINEAR)
    ).astype(np.uint8)
