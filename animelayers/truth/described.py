"""The words a composed shot is described by: what was done, not what was asked for."""

from __future__ import annotations

import numpy as np

from animelayers.truth.plan import Actor, FilmPlan, ShotPlan
from animelayers.truth.shot import Shot
from animelayers.truth.stage import busts
from animelayers.truth.traits import TRAITS

_EXPOSURES = {1: "ones", 2: "twos", 3: "threes", 4: "fours"}
_LIGHT, _DARK = 168, 80  # mean luma of what is called light and dark


def described(plan: FilmPlan, number: int, shot: Shot) -> tuple[list[str], list[str]]:
    """The traits of a shot of a film, in the order of `TRAITS`, and the hands its parts are from as
    kind:source, sorted.
    """
    own = shot.plan
    words = {f"camera_{own.camera.kind}"} | _people(own, plan.size) | _looks(shot) | _lights(own)
    words |= {"parallax"} if own.parallax else set()
    words |= {"prop_like_figure"} if own.props else set()
    words |= {"prop_in_front"} if own.fronts else set()
    words |= {"shadow"} if any(actor.shadow != "none" for actor in own.actors) else set()
    words |= {"crossing"} & own.words
    words |= _film(plan, number)
    parts = [("background", own.place), *(("prop", a.part) for a in (*own.props, *own.fronts))]
    parts += [("figure", a.part) for a in own.actors] + [("effect", light.part) for light in own.lights]  # type: ignore[misc]
    return [word for word in TRAITS if word in words], sorted(
        {f"{kind}:{part.source}" for kind, part in parts}
    )


def framing(actor: Actor, size: tuple[int, int]) -> str:
    """How an actor is framed: far, full_body, close_up, or cut_by_border."""
    width, height = size
    share = actor.height / height
    if busts(actor.part):
        return "close_up" if share >= 0.55 else "cut_by_border"
    if share >= 1.35:
        return "close_up"
    inside = (
        actor.at[1] <= height + 2
        and actor.at[1] - actor.height >= -0.1 * height
        and 0.1 * width <= actor.at[0] <= 0.9 * width
    )
    if not inside:
        return "cut_by_border"
    return "far" if share < 0.36 else "full_body"


def _people(own: ShotPlan, size: tuple[int, int]) -> set[str]:
    count = len(own.actors)
    words = {["empty", "one", "two"][count] if count < 3 else "crowd"}
    for actor in own.actors:
        tags = actor.part.tags
        words |= (
            {"people"}
            if "person" in tags
            else {"vehicle"}
            if tags & {"vehicle", "robot/vehicle"}
            else {"creature"}
        )
        words |= {"anime"} if tags & {"anime", "anime-like"} else set()
        words |= {word for word in ("3d", "flat", "painted") if word in tags}
        words |= {framing(actor, size), {"still": "still_figure"}.get(actor.move, actor.move)}
        words |= {_EXPOSURES[actor.exposure]} if actor.move != "still" else set()
    return words


def _looks(shot: Shot) -> set[str]:
    """What figure and ground have in common, measured on them."""
    own, asked = shot.plan, shot.plan.words
    words = (
        asked & {"line_drawing", "grey", "colours_close"} if own.actors else asked & {"line_drawing", "grey"}
    )
    ground = shot.plate.reshape(-1, 3)[::97].astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
    tone = float(ground.mean())
    for actor in own.actors:
        tags = actor.part.tags
        words |= {"outline"} if tags & {"outline", "black-and-white"} else set()
        words |= {"white_on_light"} if "white" in tags and tone > _LIGHT else set()
        words |= {"dark_on_dark"} if tone < _DARK and ("dark" in tags or actor.paint.lift < -0.2) else set()
    return set(words)


def _lights(own: ShotPlan) -> set[str]:
    words: set[str] = set()
    for light in own.lights:
        where = {"front": "effect_in_front"}.get(light.where, f"effect_{light.where}")
        words |= {f"effect_{light.mode}", light.part.kind, where if own.actors else "effect_alone"}
    return words


def _film(plan: FilmPlan, number: int) -> set[str]:
    own, look = plan.shots[number], plan.look
    words = {"letterbox"} if plan.letterbox else set()
    words |= {"subtitles"} if plan.subtitles else set()
    words |= {"logo"} if plan.logo else set()
    ways = [plan.shots[number].wipe] * bool(own.dissolve) + [plan.shots[number - 1].wipe] * bool(own.start)
    words |= {"wipe" if way else "dissolve" for way in ways}
    words |= {"fade"} if own.fade_in or own.fade_out else set()
    words |= {"old_film"} if look.scratches else {word for word in ("grain", "blur") if getattr(look, word)}
    words |= {"resize"} if look.resize < 1 and not look.scratches else set()
    words |= (
        {"h265"}
        if look.codec == "h265"
        else {"h264_low"}
        if look.codec == "h264" and look.quality >= 30
        else set()
    )
    return words
