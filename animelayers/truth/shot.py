"""A composed shot: from its plan to the layers of every frame."""

from __future__ import annotations

import math
from functools import cached_property
from typing import NamedTuple

import cv2
import numpy as np

from animelayers.truth.camera import canvas
from animelayers.truth.layer import Layer, compose, labels, seen, tile
from animelayers.truth.moves import drawing, placed, raised
from animelayers.truth.paint import painted
from animelayers.truth.part import Cutout
from animelayers.truth.plan import Actor, Light, Paint, ShotPlan
from animelayers.truth.shadow import shadow

_SIZES = 1.06  # a drawing serves figures up to so much larger or smaller
_LEAST = 32  # pixels of the smallest drawing that is asked for
_DEPTH = (1.0, 1.35, 1.9)  # how fast planes pass, the farthest first


class Frame(NamedTuple):
    """A frame in layers.

    ``base``: what lies behind all, opaque uint8 (H, W, 3); ``layers``: the stack on it; ``seat``: homography
    float64 (3, 3) from its pixels to the plate's; ``shown``: equal for frames that show the same.
    """

    base: np.ndarray
    layers: tuple[Layer, ...]
    seat: np.ndarray
    shown: int

    @property
    def picture(self) -> np.ndarray:
        """The frame, uint8 sRGB (H, W, 3)."""
        return compose(self.base, self.layers)

    @property
    def background(self) -> np.ndarray:
        """What it would show with nobody in it: no figures, effects and shadows, nothing laid over it. uint8
        (H, W, 3).
        """
        return compose(
            self.base, [layer for layer in self.layers if layer.kind in ("plane", "prop", "front")]
        )

    def seen(self, kind: str) -> np.ndarray:
        """All layers of a kind as one, straight RGBA uint8 (H, W, 4): see `layer.seen`."""
        return seen(self.layers, kind, (self.base.shape[0], self.base.shape[1]))

    @property
    def labels(self) -> np.ndarray:
        """Label map uint8 (H, W) of the figures."""
        return labels(self.layers, (self.base.shape[0], self.base.shape[1]))


class Shot:
    """The layers of a planned shot. Frames are made one at a time, in any order; what they share is kept."""

    def __init__(self, plan: ShotPlan, size: tuple[int, int]) -> None:
        self.plan, self.size = plan, size
        self.seats, self._whole = canvas(plan.camera.path(plan.frames, size), size)
        self._cels: dict[tuple[object, ...], Cutout] = {}
        self._tiles: dict[tuple[object, ...], tuple[tuple[int, int], np.ndarray] | None] = {}
        self._seen: dict[tuple[object, ...], int] = {}
        self._last: Frame | None = None

    def __len__(self) -> int:
        return self.plan.frames

    @cached_property
    def _planes(self) -> list[np.ndarray]:
        """The painting in its planes, coloured as the shot has it; the props that stay are in the farthest."""
        given = self.plan.place.planes(self._whole, self.plan.seed)
        given = given if self.plan.parallax else [compose_planes(given)]
        near = [] if len(given) > 1 or not self.plan.parallax else [self._hedge()]
        planes = [
            self._blurred(painted(plane, self.plan.ground), self.plan.blur) for plane in [*given, *near]
        ]
        base = planes[0][..., :3]
        offset = self.seats[0][:2, 2]
        for prop in self.plan.props:
            cut = self._cel(prop, 0, prop.height, base)
            at = tile(
                cut.rgba,
                _pinned(cut, np.array([[1.0, 0, prop.at[0] + offset[0]], [0, 1, prop.at[1] + offset[1]]])),
                self._whole,
            )
            if at is not None:
                base = compose(base, [Layer("prop", 1, at[0], at[1])])
        return [base, *planes[1:]]

    @property
    def plate(self) -> np.ndarray:
        """The clean plate of the shot, its farthest plane: uint8 (P, Q, 3)."""
        return self._planes[0]

    def frame(self, t: int) -> Frame:
        """Frame `t` in layers."""
        key = self._key(t)
        number = self._seen.setdefault(key, len(self._seen))
        if self._last is not None and self._last.shown == number:
            return self._last
        seat = self.seats[t]
        base = self._window(self.plate, seat)
        layers = [
            *self._near(t),
            *self._lit("behind", t),
            *self._figures(t),
            *self._lit("beside", t),
            *self._lit("front", t),
            *self._fronts(t),
        ]
        fall, light = self._vignette, self.light(t)
        if fall is not None or light < 1:
            base = self._dimmed(base, (0, 0), light)
            layers = [
                layer._replace(
                    rgba=np.dstack([self._dimmed(layer.rgba[..., :3], layer.at, light), layer.rgba[..., 3]])
                )
                for layer in layers
            ]
        self._last = Frame(base, tuple(layers), seat, number)
        return self._last

    def _key(self, t: int) -> tuple[object, ...]:
        acts = tuple((drawing(actor, t) if actor.move != "still" else 0) for actor in self.plan.actors)
        lights = tuple(
            t // light.exposure if light.first <= t <= light.last else -1 for light in self.plan.lights
        )
        still = self.plan.camera.kind == "still"
        return (*acts, *lights, 0 if still else t, self.light(t))

    def light(self, t: int) -> float:
        """How bright a frame is where the shot comes out of black or goes into it, 0..1."""
        plan, light = self.plan, 1.0
        if plan.fade_in and t - plan.start < plan.fade_in:
            light = (t - plan.start + 1) / (plan.fade_in + 1)
        if plan.fade_out and plan.frames - t <= plan.fade_out:
            light = min(light, (plan.frames - t) / (plan.fade_out + 1))
        return light

    @cached_property
    def _vignette(self) -> np.ndarray | None:
        if not self.plan.vignette:
            return None
        width, height = self.size
        y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
        return np.asarray(1 - self.plan.vignette * np.clip((x * x + y * y) / 2, 0, 1) ** 1.5, np.float32)[
            ..., None
        ]

    def _dimmed(self, colour: np.ndarray, at: tuple[int, int], light: float) -> np.ndarray:
        (x, y), (h, w) = at, colour.shape[:2]
        fall = 1.0 if self._vignette is None else self._vignette[y : y + h, x : x + w]
        return np.asarray(np.rint(colour * np.asarray(fall * light, np.float32)), np.uint8)

    def _window(self, plane: np.ndarray, seat: np.ndarray) -> np.ndarray:
        """What a frame shows of a plane."""
        (width, height), shift = self.size, np.rint(seat[:2, 2]).astype(int)
        if np.allclose(seat[:2, :2], np.eye(2)) and np.allclose(seat[:2, 2], shift, atol=1e-6):
            return plane[shift[1] : shift[1] + height, shift[0] : shift[0] + width]
        return cv2.warpAffine(
            plane,
            seat[:2],
            self.size,
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )

    def _near(self, t: int) -> list[Layer]:
        """The nearer planes of the painting, which pass faster."""
        layers = []
        for number, plane in enumerate(self._planes[1:], 1):
            seat = self.seats[t].copy()
            # the plane is as wide as the plate: it passes faster around the middle of the move
            middle = self.seats[:, :2, 2].mean(0)
            seat[:2, 2] = np.clip(
                middle + (seat[:2, 2] - middle) * _DEPTH[min(number, 2)], 0, np.array(self._whole) - self.size
            )
            layers.append(Layer("plane", number, (0, 0), self._window(plane, seat)))
        return layers

    def _seat(self, actor: Actor | None, t: int) -> np.ndarray:
        """Float64 (3, 3): from where something stands in the first frame to where frame `t` shows it."""
        if actor is not None and actor.follows:
            return np.eye(3)
        return np.asarray(np.linalg.inv(self.seats[t]) @ self.seats[0])

    def _figures(self, t: int) -> list[Layer]:
        layers: list[Layer] = []
        for number, actor in enumerate(self.plan.actors, 1):
            layers += self._figure(actor, number, t, "figure")
        return [layer for layer in layers if layer.kind == "shadow"] + [
            layer for layer in layers if layer.kind != "shadow"
        ]

    def _fronts(self, t: int) -> list[Layer]:
        return [
            layer
            for number, front in enumerate(self.plan.fronts, 1)
            for layer in self._figure(front, number, t, "front")
        ]

    def _figure(self, actor: Actor, number: int, t: int, kind: str) -> list[Layer]:
        move = placed(actor, t, len(self))
        whole = self._seat(actor, t) @ np.vstack([move, [0, 0, 1]])
        size = float(np.sqrt(abs(np.linalg.det(whole[:2, :2]) / max(abs(_across(move)), 1e-3))))
        tall = _stepped(actor.height * size)
        k = drawing(actor, t) + actor.phase
        key = (
            kind,
            number,
            0 if actor.move == "still" else k % max(1, actor.part.actions.get(actor.action, 1)),
            tall,
            whole.tobytes(),
        )
        if key not in self._tiles:
            if len(self._tiles) > 4 * (len(self.plan.actors) + len(self.plan.fronts)):
                self._tiles.clear()
            cut = self._cel(actor, k, tall, self.plate)
            whole[:2, :2] *= actor.height / tall
            pinned = _pinned(cut, whole[:2])
            if self.plan.camera.kind == "still":
                pinned[:, 2] = np.rint(pinned[:, 2])
            self._tiles[key] = tile(cut.rgba, pinned, self.size)
            on_ground = whole[:2] + np.array([[0, 0, 0], [0, 0, raised(actor, t) * whole[1, 1]]])
            self._tiles[(*key, "shadow")] = (
                shadow(cut, on_ground, actor, self.size)
                if kind == "figure" and actor.shadow != "none"
                else None
            )
        own, dark = self._tiles[key], self._tiles.get((*key, "shadow"))
        layers = [] if dark is None else [Layer("shadow", number, dark[0], dark[1], "multiply")]
        return layers if own is None else [*layers, Layer(kind, number, own[0], own[1])]

    def _cel(self, actor: Actor, k: int, tall: int, ground: np.ndarray) -> Cutout:
        """A drawing of an actor in the shot's colours, with a border for the warp, its colours carried on
        under it.
        """
        count = max(1, actor.part.actions.get(actor.action, 1))
        key = (id(actor), k % count, tall)
        if key not in self._cels:
            if sum(cel.rgba.nbytes for cel in self._cels.values()) > 64_000_000:
                self._cels.clear()
            cut = actor.part.draw(actor.action, k % count, tall)
            rgba = self._blurred(
                painted(cut.rgba, actor.paint, self._behind(actor, ground), actor.tint), actor.blur
            )
            rgba = np.pad(rgba, ((1, 1), (1, 1), (0, 0)), "edge")
            rgba[[0, -1], :, 3] = 0
            rgba[:, [0, -1], 3] = 0
            self._cels[key] = Cutout(rgba, (cut.pin[0] + 1, cut.pin[1] + 1))
        return self._cels[key]

    def _behind(self, actor: Actor, ground: np.ndarray) -> np.ndarray:
        """The mean colour (3,) of the painting where an actor stands at first."""
        x, y = np.asarray(actor.at) + self.seats[0][:2, 2]
        half = max(8, actor.height // 4)
        x0, y0 = (
            int(np.clip(v, 0, n - 16))
            for v, n in ((x - half, ground.shape[1]), (y - 3 * half, ground.shape[0]))
        )
        part = ground[y0 : max(y0 + 16, int(y)), x0 : max(x0 + 16, int(x + half))]
        return np.asarray(part.reshape(-1, 3).mean(0), np.float32)

    @staticmethod
    def _blurred(rgba: np.ndarray, sigma: float) -> np.ndarray:
        if sigma < 0.3:
            return rgba
        reach = int(3 * sigma) + 1
        cut = rgba[..., 3].min() == 255
        wide = rgba if cut else np.pad(rgba, ((reach,) * 2, (reach,) * 2, (0, 0)), "edge")
        if not cut:
            for edge in (wide[:reach], wide[-reach:], wide[:, :reach], wide[:, -reach:]):
                edge[..., 3] = 0
        soft = cv2.GaussianBlur(wide, (0, 0), sigma)
        return soft if cut else soft[reach:-reach, reach:-reach]

    def _lit(self, where: str, t: int) -> list[Layer]:
        found = [
            (n, light)
            for n, light in enumerate(self.plan.lights, 1)
            if light.where == where and light.first <= t <= light.last
        ]
        return [layer for number, light in found for layer in self._light_layer(number, light, t)]

    def _light_layer(self, number: int, light: Light, t: int) -> list[Layer]:
        k = (t - light.first) // light.exposure
        rgba = self._drawn(light, k)
        if light.part.field:
            return [Layer("effect", number, (0, 0), rgba, light.mode)] if rgba[..., 3].any() else []
        actor = self.plan.actors[light.with_actor] if 0 <= light.with_actor < len(self.plan.actors) else None
        x, y = np.asarray(light.at) + np.asarray(light.drift) * k * light.exposure
        if actor is not None:
            now = placed(actor, t, len(self))[:, 2]
            x, y = x + now[0] - actor.at[0], y + now[1] - actor.at[1]
        whole = self._seat(actor, t)[:2] @ np.array(
            [[1, 0, x - light.size[0] / 2], [0, 1, y - light.size[1] / 2], [0, 0, 1]]
        )
        if self.plan.camera.kind == "still":
            whole[:, 2] = np.rint(whole[:, 2])
        made = tile(rgba, whole, self.size)
        return (
            []
            if made is None or not made[1][..., 3].any()
            else [Layer("effect", number, made[0], made[1], light.mode)]
        )

    def _drawn(self, light: Light, k: int) -> np.ndarray:
        k = k % light.part.count if light.part.loops else min(k, light.part.count - 1)
        key = (id(light), k)
        if key not in self._cels:
            rgba = light.part.draw(k, light.size, light.seed).copy()
            if light.colour is not None:
                rgba[..., :3] = np.rint(rgba[..., :3] * (np.array(light.colour, np.float32) / 255))
            if light.strength < 1:
                rgba[..., 3] = np.rint(rgba[..., 3] * np.float32(light.strength))
            if self.plan.words & {"grey", "line_drawing"}:
                rgba = painted(rgba, Paint(grey=True))
            self._cels[key] = Cutout(rgba, (0, 0))
        return self._cels[key].rgba

    def _hedge(self) -> np.ndarray:
        """A plane for a painting of one: its own lower part, darker, behind which the rest passes slower."""
        plane = compose_planes(self.plan.place.planes(self._whole, self.plan.seed + 1)).copy()
        height, width = plane.shape[:2]
        rng = np.random.default_rng([self.plan.seed, 3])
        x = np.arange(width)
        edge = sum(rng.uniform(2, 12) * np.sin(x / rng.uniform(6, 90) + rng.uniform(0, 6)) for _ in range(6))
        top = height * rng.uniform(0.74, 0.86) + np.asarray(edge) * height / 480
        plane[..., 3] = np.clip((np.arange(height)[:, None] - top) * 255, 0, 255)
        return painted(plane, Paint(lift=-0.35))


def compose_planes(planes: list[np.ndarray]) -> np.ndarray:
    """Planes of a painting as one, RGBA uint8 (H, W, 4)."""
    whole = compose(
        planes[0][..., :3], [Layer("plane", n, (0, 0), plane) for n, plane in enumerate(planes[1:], 1)]
    )
    return np.dstack([whole, np.full(whole.shape[:2], 255, np.uint8)])


def _pinned(cut: Cutout, move: np.ndarray) -> np.ndarray:
    """An affine of offsets around the pin as one of the cut-out's pixels."""
    pinned = np.array(move, float)
    pinned[:, 2] += move[:, :2] @ -np.array(cut.pin)
    return pinned


def _across(move: np.ndarray) -> float:
    """How wide a move leaves a figure, of its height."""
    return float(np.linalg.norm(move[:, 0]) / np.linalg.norm(move[:, 1]))


def _stepped(tall: float) -> int:
    """A height that serves all figures of about that size."""
    return max(_LEAST, int(_SIZES ** round(math.log(max(tall, 1)) / math.log(_SIZES)) + 0.5))
