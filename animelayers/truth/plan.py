"""What a film of composed shots shows, decided before a pixel is drawn. All lengths are pixels of the frame,
all times frames.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from animelayers.truth.camera import Camera
from animelayers.truth.part import Effect, Figure, Place

Colour = tuple[float, float, float]


@dataclass(frozen=True)
class Paint:
    """How the colours of a part are changed: greyed, multiplied by ``gain`` and drawn by the share ``close``
    towards what is behind it; ``lift`` is the share of the way to white (negative: to black); ``lines``
    leaves dark lines on white; ``carved`` makes it of one material, whose colour in full light this is."""

    gain: Colour = (1.0, 1.0, 1.0)
    lift: float = 0.0
    close: float = 0.0
    grey: bool = False
    lines: bool = False
    carved: Colour | None = None


@dataclass(frozen=True)
class Actor:
    """A figure or a prop: ``height`` when upright, ``at`` where its pin stands in the middle of the shot,
    ``move`` how it gets about and ``speed`` how fast (per frame; of `scaling` the growth over the shot),
    ``action`` and ``phase`` its drawings, ``exposure`` how many frames one is held. ``follows``: the camera
    goes with it. ``shadow``: none, contact or cast. ``tint``: share of the tone behind it that its light
    takes on."""

    part: Figure
    height: int
    at: tuple[float, float]
    move: str = "still"
    action: str = "still"
    phase: int = 0
    exposure: int = 2
    speed: float = 0.0
    flip: bool = False
    follows: bool = False
    shadow: str = "none"
    blur: float = 0.0
    paint: Paint = Paint()
    tint: float = 0.0


@dataclass(frozen=True)
class Light:
    """An effect from frame ``first`` to ``last``: ``at`` the middle of its tile and ``size`` of it, ``drift``
    per frame, ``where`` behind, beside or in front of the figures, ``with_actor`` whom it goes with (-1:
    nobody), ``strength`` its share of coverage, ``colour`` what its white becomes."""

    part: Effect
    mode: str
    where: str
    first: int
    last: int
    at: tuple[float, float]
    size: tuple[int, int]
    exposure: int = 2
    drift: tuple[float, float] = (0.0, 0.0)
    with_actor: int = -1
    strength: float = 1.0
    colour: Colour | None = None
    seed: int = 0


@dataclass(frozen=True)
class ShotPlan:
    """One shot. ``start``: frames of it that the dissolve before has shown; ``dissolve``: frames at its end
    that turn into the next shot, in a ``wipe`` (left, down or iris) piece by piece; ``fade_in`` and
    ``fade_out``: frames that come out of black or go into it; ``words``: what it is asked to show, see
    `words`."""

    frames: int
    place: Place
    seed: int
    camera: Camera = field(default_factory=Camera)
    ground: Paint = Paint()
    blur: float = 0.0
    parallax: bool = False
    vignette: float = 0.0
    props: tuple[Actor, ...] = ()
    actors: tuple[Actor, ...] = ()
    fronts: tuple[Actor, ...] = ()
    lights: tuple[Light, ...] = ()
    start: int = 0
    dissolve: int = 0
    wipe: str = ""
    fade_in: int = 0
    fade_out: int = 0
    words: frozenset[str] = frozenset()


@dataclass(frozen=True)
class FilmLook:
    """What film and file do to the pictures: ``grain`` in grey levels, ``blur`` sigma in pixels, ``resize``
    the size they once had (a factor), ``flicker`` share of brightness, ``grey``, ``scratches``; ``codec``
    ffv1, h264 or h265 at ``quality``, its constant rate factor."""

    grain: float = 0.0
    blur: float = 0.0
    resize: float = 1.0
    flicker: float = 0.0
    grey: bool = False
    scratches: bool = False
    codec: str = "ffv1"
    quality: int = 0


@dataclass(frozen=True)
class FilmPlan:
    """A film of shots. ``letterbox``: share of the height that each bar covers; ``subtitles``: one for each
    shot, '' for none; ``logo``: whether a station's mark stands in a corner."""

    name: str
    seed: int
    size: tuple[int, int]
    fps: int
    shots: tuple[ShotPlan, ...]
    look: FilmLook = FilmLook()
    letterbox: float = 0.0
    subtitles: tuple[str, ...] = ()
    logo: bool = False

    @property
    def suffix(self) -> str:
        """Of the film's file."""
        return ".mkv" if self.look.codec == "ffv1" else ".mp4"
