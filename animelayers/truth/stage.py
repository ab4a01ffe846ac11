"""Who stands where in a shot, what they do, and what burns, falls and shines around them: a plan from
distributions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from animelayers.truth.camera import Camera
from animelayers.truth.kit import FileFigure
from animelayers.truth.lights import lit
from animelayers.truth.odds import draw
from animelayers.truth.part import Figure, Place
from animelayers.truth.parts import Parts
from animelayers.truth.plan import Actor, Light, Paint, ShotPlan

ODDS = (
    "figures", "who", "framing", "movement", "exposure", "crossing", "contrast", "tint", "vignette", "shadow", "camera", "travel", "parallax",
    "defocus", "props", "statues", "fronts", "effects", "effect", "where", "mode",
)  # fmt: skip
"""Distributions a shot is drawn from."""

_STRIP = 1.7  # times as wide as high
_ENLARGED = 1.9  # times a picture may be enlarged
_GESTURES = ("breathe", "wave", "nod", "turn", "wind", "blink")
_WISHED = {
    "talking": ("talk",), "gesture": _GESTURES, "walking": ("walk", "run"), "turning": ("turn",), "sequence": ("sequence",), "jumping": ("jump",),
}  # fmt: skip
_WHO = {
    "anime": ("anime", "anime-like"),
    "person": ("person",),
    "creature": ("creature", "robot/vehicle"),
    "vehicle": ("vehicle", "robot/vehicle"),
}
_CONTRAST = {
    "white_on_light": ("white",),
    "dark_on_dark": ("dark",),
    "outline": ("outline", "black-and-white"),
    "line_drawing": ("outline", "black-and-white"),
}
_MATERIALS = {
    "stone": (196, 192, 184), "plaster": (242, 240, 234), "slate": (104, 112, 120), "bronze": (168, 122, 74),
    "verdigris": (130, 176, 158), "gold": (238, 200, 92), "wood": (212, 168, 116), "ice": (204, 228, 244),
}  # fmt: skip
_GROUND = {
    "white_on_light": Paint(lift=0.72),
    "dark_on_dark": Paint(lift=-0.5),
    "line_drawing": Paint(lines=True),
    "grey": Paint(grey=True),
}

Odds = Mapping[str, Any]


def staged(
    rng: np.random.Generator, parts: Parts, odds: Odds, size: tuple[int, int], frames: int, word: str = ""
) -> ShotPlan:
    """A shot of `frames` frames of `size` (width, height) as `odds` have it; `word` is the trait it is made
    for.
    """
    contrast = draw(rng, odds["contrast"])
    place = _place(rng, parts, contrast)
    camera, parallax = _camera(rng, odds)
    count, planes = int(draw(rng, odds["figures"])), _Grades(rng, odds, contrast)
    follows = bool(camera.kind in ("pan", "tilt") and rng.random() < 0.5)
    crossing = count > 1 and rng.random() < odds["crossing"]
    actors: list[Actor] = []
    for i in range(count if not parts.few else min(count, len(parts.figures))):
        actors.append(
            _actor(
                rng,
                parts,
                odds,
                size,
                frames,
                (i, count),
                planes,
                crossing,
                [actor.part for actor in actors if parts.few],
            )
        )
    actors = [replace(actor, follows=follows and not crossing) for actor in actors]
    actors.sort(key=lambda actor: (actor.at[1], actor.height))
    props = [
        _statue(rng, parts, size)
        if odds["statues"] and rng.random() < odds["statues"]
        else _thing(rng, parts, size, planes, ahead=False)
        for _ in range(int(draw(rng, odds["props"])))
    ]
    fronts = [_thing(rng, parts, size, planes, ahead=True) for _ in range(int(draw(rng, odds["fronts"])))]
    lights: list[Light] = []
    for _ in range(int(draw(rng, odds["effects"]))):
        lights.append(lit(rng, parts, odds, size, frames, actors))
    return ShotPlan(
        frames,
        place,
        int(rng.integers(2**31)),
        camera,
        _GROUND.get(contrast, Paint())
        if not (contrast == "dark_on_dark" and "dark" in place.tags)
        else Paint(lift=-0.1),
        blur=float(draw(rng, odds["defocus"])) * size[1],
        parallax=parallax,
        vignette=float(draw(rng, odds["vignette"])),
        props=tuple(sorted(props, key=lambda prop: prop.at[1])),
        actors=tuple(actors),
        fronts=tuple(fronts),
        lights=tuple(lights),
        words=frozenset({word, contrast, "crossing" if crossing else ""} - {"", "plain"}),
    )


class _Grades:
    """The colours that the figures of a shot share with its ground."""

    def __init__(self, rng: np.random.Generator, odds: Odds, contrast: str) -> None:
        self.contrast, self.tint = contrast, float(rng.uniform(*odds["tint"]))

    def paint(self, rng: np.random.Generator) -> Paint:
        """Of one of them: `close` is what it takes on of the tone behind it."""
        gain = tuple(float(g) for g in rng.uniform(0.94, 1.0, 3))
        close = rng.uniform(0.45, 0.62) if self.contrast == "colours_close" else 0.0
        lift = -rng.uniform(0.3, 0.5) if self.contrast == "dark_on_dark" else 0.0
        return Paint(
            (gain[0], gain[1], gain[2]), float(lift), float(close), self.contrast in ("grey", "line_drawing")
        )


def of_kind(who: str) -> Callable[[Figure], bool]:
    """Whether a figure is of a kind: anime, person, creature, vehicle."""
    return lambda part: bool(part.tags & {*_WHO[who]})


def busts(part: Figure) -> bool:
    """Whether a figure ends at its lower edge, and has to stand on the frame's border."""
    return part.bust if isinstance(part, FileFigure) else bool(part.tags & {"bust", "head"})


def _place(rng: np.random.Generator, parts: Parts, contrast: str) -> Place:
    wish = {"white_on_light": "light", "dark_on_dark": "dark", "line_drawing": "line-drawn"}.get(contrast)
    place = parts.choose(
        rng, parts.places, [lambda part: wish in part.tags] if wish and rng.random() < 0.7 else []
    )
    return place


def _camera(rng: np.random.Generator, odds: Odds) -> tuple[Camera, bool]:
    kind, sign, seed = draw(rng, odds["camera"]), 1 if rng.random() < 0.5 else -1, int(rng.integers(2**31))
    travel = sign * float(rng.uniform(*odds["travel"]))
    zoom = float(rng.uniform(0.06, 0.35)) if sign > 0 else -float(rng.uniform(0.05, 0.2))
    amounts = {
        "pan": travel, "tilt": travel / 2, "zoom": zoom, "rotate": sign * float(rng.uniform(1.5, 7)),
        "shake": float(rng.uniform(0.004, 0.02)), "weave": float(rng.uniform(0.0012, 0.004)),
    }  # fmt: skip
    parallax = kind in ("pan", "tilt") and bool(rng.random() < odds["parallax"])
    return Camera(kind, amounts.get(kind, 0.0), bool(rng.random() < 0.6), seed), parallax


def _actor(
    rng: np.random.Generator,
    parts: Parts,
    odds: Odds,
    size: tuple[int, int],
    frames: int,
    place: tuple[int, int],
    grades: _Grades,
    crossing: bool,
    taken: Sequence[Figure] = (),
) -> Actor:
    width, height = size
    move = "walking" if crossing and place[0] < 2 else draw(rng, odds["movement"])
    part = _figure(rng, parts, odds, move, grades.contrast, taken)
    framing = draw(rng, odds["framing"])
    tall, (x, y) = _framed(rng, part, framing, size, place)
    move, action = _movement(rng, part, move)
    speed = _speed(rng, move, tall)
    flip = bool(rng.random() < 0.5)
    if crossing and place[0] < 2:
        speed = abs(speed) * (1 if place[0] == 0 else -1)
        x = width * (0.5 + float(rng.uniform(-0.08, 0.08)))
    if move in ("walking", "slide", "flying"):
        flip = speed < 0
        within = min(abs(speed) * frames / 2, 0.45 * width)
        x = float(np.clip(x, within * 0.8, width - within * 0.8))
    if move == "flying":
        y = float(rng.uniform(0.35, 0.75)) * height
    grounded = not busts(part) and move not in ("flying",) and y < height
    return Actor(
        part,
        tall,
        (round(x), round(y)),
        move,
        action,
        phase=int(rng.integers(8)),
        exposure=int(draw(rng, odds["exposure"])),
        speed=speed,
        flip=flip,
        shadow=draw(rng, odds["shadow"]) if grounded else "none",
        paint=grades.paint(rng),
        tint=grades.tint,
    )


def _figure(
    rng: np.random.Generator, parts: Parts, odds: Odds, move: str, contrast: str, taken: Sequence[Figure]
) -> Figure:
    who, looks, acts = _WHO[draw(rng, odds["who"])], _CONTRAST.get(contrast), _WISHED.get(move)
    wishes = [
        *([lambda part: part.tags & set(looks)] if looks else []),
        lambda part: part.tags & set(who),
        *([lambda part: part.actions.keys() & set(acts)] if acts else []),
    ]
    return parts.choose(rng, [part for part in parts.figures if part not in taken], wishes)


def _framed(
    rng: np.random.Generator, part: Figure, framing: str, size: tuple[int, int], place: tuple[int, int]
) -> tuple[int, tuple[float, float]]:
    """The height of a figure and where its pin stands, so that it fills the frame as `framing` says."""
    (width, height), (number, count) = size, place
    slot = (number + 0.5 + float(rng.uniform(-0.3, 0.3))) / count
    x = width * (slot if count > 1 else float(rng.uniform(0.25, 0.75)))
    small = 0.62 if part.tags & {"creature", "vehicle", "prop"} else 1.0
    if busts(part):
        tall = (
            float(
                {"far": rng.uniform(0.4, 0.5), "full_body": rng.uniform(0.5, 0.7)}.get(
                    framing, rng.uniform(0.75, 1.15)
                )
            )
            * height
        )
        tall = _limited(part, tall)
        return tall, (x, height + float(rng.uniform(0.01, 0.07)) * tall)
    if framing == "close_up":
        tall = _limited(part, float(rng.uniform(1.5, 2.9)) * height * small)
        top = float(rng.uniform(0.02, 0.16)) * height
        return tall, (x, top + tall if tall > 0.9 * height else float(rng.uniform(0.9, 0.98)) * height)
    if framing == "cut_by_border":
        tall = _limited(part, float(rng.uniform(0.6, 1.2)) * height * small)
        side = rng.random()
        if side < 0.5:
            return tall, (x, height + float(rng.uniform(0.12, 0.45)) * tall)
        return tall, (
            float(rng.choice([0.0, 1.0])) * width + float(rng.uniform(-0.12, 0.12)) * tall,
            height * 0.97,
        )
    if framing == "far":
        tall = _limited(part, float(rng.uniform(0.15, 0.32)) * height * max(small, 0.7))
        return tall, (x, float(rng.uniform(0.7, 0.93)) * height)
    tall = _limited(part, float(rng.uniform(0.5, 0.88)) * height * small)
    return tall, (x, float(rng.uniform(max(0.8, min(0.95, tall / height + 0.04)), 0.97)) * height)


def _limited(part: Figure, tall: float) -> int:
    native = part.native if isinstance(part, FileFigure) else None
    return max(16, round(min(tall, native * _ENLARGED) if native else tall))


def _movement(rng: np.random.Generator, part: Figure, move: str) -> tuple[str, str]:
    """How the figure really moves, and its action: what it cannot do it does without drawings for it."""
    able = part.actions
    if busts(part) and move in ("jumping", "flying", "walking"):
        move = "slide"
    if move == "talking" and "talk" in able:
        return move, "talk"
    if move == "gesture":
        known = [action for action in _GESTURES if action in able]
        return (move, str(rng.choice(known))) if known else ("still", "still")
    if move == "walking" and not able.keys() & {"walk", "run"}:
        move = "slide"
    if move == "walking":
        return move, "run" if "run" in able and ("walk" not in able or rng.random() < 0.25) else "walk"
    if move == "turning":
        return move, "turn" if "turn" in able else "still"
    if move == "jumping":
        return move, "jump" if "jump" in able else "still"
    if move == "sequence" and "sequence" not in able:
        known = sorted(able.keys() - {"still"})
        return (move, str(rng.choice(known))) if known else ("still", "still")
    if move in ("sequence", "slide", "flying") and "sequence" in able:
        return move, "sequence"
    return ("still", "still") if move in ("talking", "sequence") else (move, "still")


def _speed(rng: np.random.Generator, move: str, tall: int) -> float:
    sign = 1 if rng.random() < 0.5 else -1
    return sign * {
        "walking": tall * float(rng.uniform(0.02, 0.035)),
        "slide": tall * float(rng.uniform(0.008, 0.04)),
        "flying": tall * float(rng.uniform(0.015, 0.06)),
        "scaling": float(rng.uniform(0.15, 0.6)),
        "jumping": tall * float(rng.uniform(0.0, 0.02)),
    }.get(move, 0.0)


def _statue(rng: np.random.Generator, parts: Parts, size: tuple[int, int]) -> Actor:
    """A figure in one material, which nobody would cut out as one: a statue, a dummy, a toy on a shelf."""
    width, height = size
    part = parts.choose(rng, parts.figures)
    material = np.array(_MATERIALS[str(rng.choice([*_MATERIALS]))]) * rng.uniform(0.75, 1.05)
    paint = Paint(carved=(float(material[0]), float(material[1]), float(material[2])))
    tall = _limited(part, float(rng.uniform(0.2, 0.75)) * height)
    at = (float(rng.uniform(0.06, 0.94)) * width, float(rng.uniform(0.72, 0.98)) * height)
    return Actor(part, tall, at, flip=bool(rng.random() < 0.5), paint=paint)


def _thing(
    rng: np.random.Generator, parts: Parts, size: tuple[int, int], grades: _Grades, ahead: bool
) -> Actor:
    """A thing that stays: far behind like a figure, or close to the camera in front of everything."""
    width, height = size
    wish = "foreground" if ahead else "prop_like_figure"
    wishes = (
        [lambda part: any(wish in tag for tag in part.tags)] if rng.random() < (0.8 if ahead else 0.5) else []
    )
    part = parts.choose(rng, parts.props, wishes)
    paint = grades.paint(rng)
    wide = part.draw("still", 0, 100).rgba.shape[1] / 100
    # a strip of ground or hedge: its ends stay outside the frame, and it hides no more than feet
    if wide > _STRIP:
        tall, top = round(2.4 * width / wide), float(rng.uniform(0.66, 0.85)) * height
        return Actor(part, tall, (width / 2, max(top + tall, 1.01 * height)), paint=paint)
    if not ahead:
        tall = _limited(part, float(rng.uniform(0.2, 0.6)) * height)
        return Actor(
            part,
            tall,
            (float(rng.uniform(0.08, 0.92)) * width, float(rng.uniform(0.72, 0.94)) * height),
            paint=paint,
        )
    tall = _limited(part, float(rng.uniform(0.35, 0.8)) * height)
    x = float(rng.choice([rng.uniform(-0.02, 0.2), rng.uniform(0.8, 1.02), rng.uniform(0.2, 0.8)])) * width
    return Actor(
        part,
        tall,
        (x, height * float(rng.uniform(1.0, 1.12))),
        blur=float(rng.choice([0, 0, 0.006])) * height,
        paint=paint,
    )
