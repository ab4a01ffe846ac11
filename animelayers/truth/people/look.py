"""What a person looks like and how it stands."""

from __future__ import annotations

from dataclasses import dataclass, field

from animelayers.samples.pen import Colour


@dataclass(frozen=True)
class Build:
    """A body whose height is 1. ``heads``: heads to the height; ``shoulders``, ``waist``, ``hips``: half
    widths; ``limb``: thickness of limbs, 1 usual; ``legs``: height of the crotch; ``neck``: length in heads;
    ``chest``: how far it stands out; ``belly``: how round it is."""

    heads: float = 6.6
    shoulders: float = 0.1
    waist: float = 0.066
    hips: float = 0.08
    limb: float = 1.0
    legs: float = 0.475
    neck: float = 0.2
    chest: float = 0.0
    belly: float = 0.0


@dataclass(frozen=True)
class Eyes:
    """How a hand draws eyes, in head widths. ``tall`` and ``wide``: half axes of the opening; ``slant``: how
    far the outer corner rises; ``iris``: half axes; ``lash``: weight of the upper lid, ``wing``: of its outer
    end; ``glints``: x, y, half width, half height of each light; ``kind``: open, dot (no white), line (always
    shut)."""

    kind: str = "open"
    tall: float = 0.135
    wide: float = 0.13
    slant: float = 0.0
    iris: tuple[float, float] = (0.09, 0.135)
    pupil: float = 0.42
    lash: float = 0.046
    wing: float = 0.05
    lower: float = 0.014
    white: Colour = (252, 250, 252)
    glints: tuple[tuple[float, float, float, float], ...] = (
        (-0.035, -0.055, 0.03, 0.04),
        (0.045, 0.075, 0.016, 0.02),
    )
    glow: float = 0.55
    apart: float = 0.222
    height: float = 0.165
    crease: bool = True


@dataclass(frozen=True)
class Face:
    """How a hand draws faces. ``jaw``: 1 usual, less is sharper, more rounder; ``chin``: how long; ``nose``:
    tick, dot, bridge, shadow, none; ``mouth``: its width; ``blush``: share; ``brow``: weight."""

    eyes: Eyes = Eyes()
    jaw: float = 1.0
    chin: float = 1.0
    nose: str = "tick"
    mouth: float = 1.0
    blush: float = 0.22
    brow: float = 0.03
    shine: str = "zigzag"
    strands: float = 1.0


@dataclass(frozen=True)
class Outfit:
    """Clothes.

    ``sleeve``: none, short, long, wide, puff; ``bottom``: trousers, wide, shorts, skirt, gown, robe; ``hem``:
    where a skirt ends, share of the leg; ``flare``: how wide, 1 usual; ``collar``: sailor, shirt, cross,
    high, round, hood, bib; ``front``: plain, buttons, zip, stripe, plates, band, tie, apron; ``over``: '',
    coat, cape, vest; ``feet``: shoe, boot, sandal, bare; ``socks``: how high, share of the shin, above 1 of
    the thigh.
    """

    sleeve: str = "long"
    bottom: str = "trousers"
    hem: float = 0.42
    flare: float = 1.0
    collar: str = "shirt"
    front: str = "plain"
    over: str = ""
    feet: str = "shoe"
    socks: float = 0.3
    pleats: int = 0
    belt: bool = False


@dataclass(frozen=True)
class Hair:
    """``fringe``, ``back``, ``crown``: names of tables in `hair`; ``length`` in head widths; ``volume``: 1
    usual.
    """

    fringe: str = "classic"
    back: str = "long"
    crown: str = "smooth"
    length: float = 1.6
    volume: float = 1.0
    locks: float = 1.0


@dataclass(frozen=True)
class Look:
    """The model sheet of one person, all colours sRGB."""

    build: Build = Build()
    face: Face = Face()
    hair: Hair = Hair()
    outfit: Outfit = Outfit()
    skin: Colour = (254, 226, 206)
    hair_colour: Colour = (226, 96, 110)
    eye: Colour = (60, 150, 120)
    cloth: Colour = (250, 248, 250)
    trim: Colour = (52, 70, 128)
    accent: Colour = (222, 62, 72)
    shoe: Colour = (92, 58, 54)
    extras: frozenset[str] = frozenset()
    mood: str = "smile"
    old: bool = False
    seed: int = 0


@dataclass(frozen=True)
class Arm:
    """Degrees: ``swing`` forwards and ``out`` sideways of the upper arm from hanging, ``bend`` of the elbow
    forwards, ``turn`` of the forearm outwards; ``hand``: easy, open, fist."""

    swing: float = 0.0
    out: float = 12.0
    bend: float = 8.0
    turn: float = 3.0
    hand: str = "easy"


@dataclass(frozen=True)
class Leg:
    """Degrees: ``swing`` forwards and ``out`` sideways of the thigh, ``bend`` of the knee, ``toe`` how far
    the foot points down.
    """

    swing: float = 0.0
    out: float = 1.5
    bend: float = 0.0
    toe: float = 0.0


@dataclass(frozen=True)
class Pose:
    """One drawing. Degrees: ``yaw`` of the body and ``face`` of the head beyond it (to the right of the
    picture), ``nod`` (down), ``tilt``, ``lean`` forwards; ``blink`` 0 open .. 1 shut; ``mouth`` 0 shut .. 1
    open and ``lips`` -1 narrow .. 1 wide; ``brow`` -1 .. 1; ``wind``, ``swing``: carry hair and cloth, in
    about a tenth of a head; ``breath`` 0 .. 1; ``lift``: height of a jump; arms and legs: left of a front
    view first."""

    yaw: float = 0.0
    face: float = 0.0
    nod: float = 0.0
    tilt: float = 0.0
    lean: float = 0.0
    blink: float = 0.0
    mouth: float = 0.0
    lips: float = 0.0
    brow: float = 0.0
    wind: float = 0.0
    swing: float = 0.0
    breath: float = 0.0
    lift: float = 0.0
    arms: tuple[Arm, Arm] = field(default=(Arm(), Arm()))
    legs: tuple[Leg, Leg] = field(default=(Leg(), Leg()))

    @property
    def away(self) -> bool:
        """Whether it is seen from behind."""
        return abs(self.yaw) > 110
