"""The hands whose people are for training."""

from __future__ import annotations

from animelayers.truth.people.look import Eyes, Face, Outfit
from animelayers.truth.people.marks import Ink
from animelayers.truth.people.style import Style

_FAIR = ((254, 226, 206), (252, 216, 190), (246, 204, 174), (222, 170, 132), (176, 120, 86), (122, 80, 60))
_WORN = ("", "glasses", "scarf", "bag", "bow", "band", "cap", "headphones", "cat_ears")
_SCHOOL = (
    Outfit(bottom="skirt", hem=0.4, collar="sailor", pleats=9, socks=0.75),
    Outfit(bottom="skirt", hem=0.36, collar="shirt", front="tie", pleats=7, socks=1.25),
    Outfit(collar="high", front="buttons"),
    Outfit(collar="shirt", front="tie", belt=True),
    Outfit(sleeve="short", bottom="skirt", hem=0.4, collar="sailor", pleats=9, socks=0.3),
    Outfit(collar="shirt", over="coat", front="buttons"),
    Outfit(sleeve="long", collar="hood", front="plain", bottom="shorts", socks=0.3),
    Outfit(sleeve="short", bottom="shorts", collar="round", front="stripe", socks=0.35),
    Outfit(sleeve="long", collar="hood", front="zip"),
    Outfit(sleeve="puff", bottom="gown", hem=0.55, flare=1.2, collar="bib", socks=0.5),
)

CEL = Style(
    "cel", "train", Ink(2.8, (46, 26, 44), "cel"), Face(), (4.5, 5.6, 6.2, 5.6),
    (("classic", "long", "smooth"), ("blunt", "long", "smooth"), ("classic", "tails", "smooth"), ("swept", "pony", "smooth"), ("classic",
        "bob", "smooth"),
     ("classic", "short", "tousled"), ("blunt", "bob", "smooth"), ("parted", "braids", "smooth"), ("classic", "low_tails", "smooth")),
    _SCHOOL,
    (((250, 248, 250), (52, 70, 128), (222, 62, 72), (92, 58, 54)), ((246, 238, 222), (96, 66, 98), (246, 190, 70), (70, 46, 50)), ((66,
        104, 148), (44, 50, 74), (238, 214, 160), (50, 46, 60)),
     ((236, 120, 96), (70, 80, 110), (252, 226, 140), (240, 238, 240)), ((120, 186, 160), (54, 74, 86), (252, 246, 220), (120, 76, 60)),
         ((250, 214, 90), (60, 90, 150), (236, 84, 80), (246, 244, 244))),
    ((226, 96, 110), (88, 118, 196), (74, 62, 72), (236, 222, 196), (140, 90, 60), (240, 180, 70), (110, 180, 140), (150, 100, 180), (240,
        150, 190)),
    ((60, 150, 120), (214, 132, 52), (88, 110, 190), (166, 70, 150), (150, 60, 50)), _FAIR, _WORN, frozenset({"outlined", "flat"}),
)  # fmt: skip

CHIBI = Style(
    "chibi", "train", Ink(7.5, (62, 36, 32), "flat"),
    Face(Eyes(tall=0.15, wide=0.125, iris=(0.105, 0.15), pupil=0.5, lash=0.05, wing=0.02, lower=0.0, glints=((-0.035, -0.06, 0.04, 0.05),
        (0.045, 0.07, 0.02, 0.022)), apart=0.235, height=0.19, crease=False),
         jaw=1.22, chin=0.94, nose="none", mouth=0.9, blush=0.4, brow=0.028, shine="band", strands=0.0),
    (2.7, 3.0, 3.3, 2.9),
    (("rounded", "bob", "big"), ("rounded", "tails", "smooth"), ("curl", "buns", "smooth"), ("rounded", "short", "spiky"), ("bare",
        "none", "none"), ("curl", "low_tails", "big"), ("rounded", "pony", "smooth"), ("curl", "short", "big")),
    (Outfit(bottom="shorts", sleeve="short", collar="round", front="stripe", feet="shoe"), Outfit(bottom="gown", hem=0.6, flare=1.3,
        sleeve="puff", collar="bib"), Outfit(collar="hood", front="zip"), Outfit(bottom="skirt", hem=0.5, flare=1.3, collar="round"),
     Outfit(front="apron", collar="shirt", feet="boot"), Outfit(bottom="robe", hem=0.8, sleeve="wide", collar="cross", feet="sandal",
         socks=0.3), Outfit(over="cape", belt=True, collar="high", feet="boot"), Outfit(front="plates", feet="boot", belt=True)),
    (((250, 110, 110), (80, 110, 190), (255, 226, 120), (110, 70, 60)), ((130, 210, 240), (250, 250, 250), (250, 140, 170), (90, 90,
        130)), ((255, 210, 80), (110, 170, 110), (240, 90, 80), (120, 80, 60)), ((200, 160, 240), (90, 80, 140), (255, 240, 250), (80, 60,
        90)), ((120, 200, 130), (240, 230, 200), (230, 120, 60), (100, 70, 50))),
    ((120, 76, 56), (250, 200, 100), (60, 56, 70), (240, 130, 120), (120, 190, 230), (250, 170, 200), (190, 150, 240), (250, 244, 230)),
    ((90, 60, 50), (60, 110, 170), (80, 140, 90), (150, 70, 110)), _FAIR, ("", "cat_ears", "rabbit_ears", "bow", "scarf", "witch",
        "straw", "band", "rucksack", "horns"), frozenset({"outlined", "flat", "chibi"}),
)  # fmt: skip

_FANTASY = (
    Outfit(bottom="robe", hem=0.95, sleeve="wide", collar="cross", feet="shoe"), Outfit(front="plates", feet="boot", over="cape",
        belt=True), Outfit(over="coat", collar="high", feet="boot", belt=True),
    Outfit(bottom="gown", hem=0.92, flare=1.1, sleeve="long", collar="round"), Outfit(sleeve="none", collar="round", feet="boot",
        belt=True), Outfit(over="cape", collar="high", feet="boot", belt=True),
    Outfit(bottom="gown", hem=0.7, flare=0.8, sleeve="wide", collar="cross", feet="boot"), Outfit(front="buttons", collar="high",
        over="coat", feet="boot"),
)  # fmt: skip

GOUACHE = Style(
    "gouache", "train", Ink(0.0, None, "soft", (54, 44, 92), 0.42, grain=4.0),
    Face(Eyes(tall=0.085, wide=0.125, slant=0.02, iris=(0.062, 0.085), pupil=0.45, lash=0.04, wing=0.03, lower=0.008, glints=((-0.02,
        -0.03, 0.018, 0.02),), apart=0.205, height=0.15, glow=0.4),
         jaw=0.95, chin=1.03, nose="shadow", mouth=1.05, blush=0.14, brow=0.032, shine="streaks", strands=1.0),
    (4.7, 6.2, 6.9, 6.3),
    (("swept", "medium", "smooth"), ("parted", "long", "smooth"), ("wisps", "bun", "smooth"), ("swept", "low_pony", "smooth"), ("short",
        "nape", "tousled"), ("parted", "mane", "big"), ("bare", "pony", "smooth"), ("bare", "none", "none"), ("one_eye", "medium",
        "smooth")),
    _FANTASY,
    (((128, 72, 66), (70, 62, 78), (198, 160, 96), (74, 54, 46)), ((90, 112, 104), (62, 58, 66), (204, 186, 140), (66, 50, 44)), ((206,
        194, 170), (120, 96, 84), (140, 58, 58), (84, 62, 50)), ((70, 86, 126), (50, 52, 72), (196, 200, 208), (60, 50, 54)), ((154, 128,
        160), (84, 70, 100), (226, 206, 170), (80, 62, 66))),
    ((96, 62, 44), (54, 44, 46), (196, 148, 92), (150, 70, 50), (210, 200, 190), (92, 96, 120)), ((90, 110, 120), (120, 84, 50), (80, 110,
        80), (96, 80, 120)), ((244, 212, 186), (232, 190, 158), (206, 152, 118), (150, 102, 76), (108, 72, 56)),
    ("", "", "scarf", "bag", "horns", "helmet", "flower", "witch"), frozenset({"painted", "soft"}), dark=2,
)  # fmt: skip

PENCIL = Style(
    "ink", "train", Ink(3.4, (22, 20, 26), "flat", (150, 150, 158), 0.0, grey=True),
    Face(Eyes(tall=0.12, wide=0.13, iris=(0.075, 0.11), pupil=0.7, lash=0.05, wing=0.06, lower=0.012, glints=((-0.025, -0.04, 0.03,
        0.035),), glow=0.2, height=0.165), jaw=0.98, nose="tick", blush=0.0, shine="none", strands=1.0),
    (4.5, 5.8, 6.5, 5.8),
    (("classic", "long", "smooth"), ("choppy", "medium", "tousled"), ("blunt", "bob", "smooth"), ("spikes", "short", "tousled"), ("swept",
        "pony", "smooth"), ("parted", "braids", "smooth"), ("short", "nape", "flat"), ("bare", "none", "none")),
    (*_SCHOOL, *_FANTASY[:4]),
    (((255, 255, 255), (255, 255, 255), (255, 255, 255), (255, 255, 255)), ((255, 255, 255), (250, 250, 250), (255, 255, 255), (40, 40,
        44)), ((252, 252, 252), (255, 255, 255), (246, 246, 246), (255, 255, 255))),
    ((255, 255, 255), (255, 255, 255), (250, 250, 250), (40, 38, 44)), ((90, 90, 90), (60, 60, 60)), ((255, 255, 255),), _WORN,
        frozenset({"outline", "grey", "outlined", "black-and-white"}), white=0, dark=0,
)  # fmt: skip

PASTEL = Style(
    "pastel", "train", Ink(2.4, None, "cel", (150, 120, 190), 0.26),
    Face(Eyes(tall=0.15, wide=0.138, slant=-0.01, iris=(0.1, 0.148), pupil=0.34, lash=0.05, wing=0.075, lower=0.018, glints=((-0.04,
        -0.06, 0.034, 0.046), (0.04, 0.05, 0.024, 0.03), (-0.03, 0.085, 0.014, 0.014), (0.055, -0.02, 0.012, 0.014)), glow=0.75,
        height=0.165),
         jaw=0.92, chin=1.0, nose="dot", mouth=0.85, blush=0.36, brow=0.02, shine="band", strands=1.0),
    (4.4, 5.9, 6.5, 5.9),
    (("wisps", "long", "smooth"), ("parted", "mane", "big"), ("wisps", "tails", "smooth"), ("one_eye", "medium", "smooth"), ("curl",
        "bob", "big"), ("swept", "low_tails", "smooth"), ("swept", "nape", "tousled"), ("wisps", "bun", "smooth")),
    (Outfit(bottom="gown", hem=0.9, flare=1.5, sleeve="puff", collar="bib"), Outfit(bottom="gown", hem=0.5, flare=1.4, sleeve="none",
        collar="round", socks=1.3), Outfit(bottom="skirt", hem=0.45, flare=1.4, sleeve="puff", collar="bib", socks=0.6),
     Outfit(over="coat", collar="shirt", front="tie"), Outfit(bottom="gown", hem=0.62, flare=1.2, sleeve="long", collar="sailor",
         socks=0.7), Outfit(collar="high", front="buttons", over="cape", feet="boot"), Outfit(bottom="robe", hem=0.93, sleeve="wide",
         collar="cross")),
    (((255, 236, 240), (244, 176, 196), (250, 140, 170), (226, 150, 170)), ((232, 242, 255), (160, 186, 232), (250, 236, 170), (140, 150,
        200)), ((240, 252, 240), (150, 206, 176), (252, 190, 160), (170, 140, 120)), ((246, 236, 255), (188, 160, 226), (255, 226, 236),
        (160, 130, 190)), ((255, 250, 228), (246, 206, 130), (240, 150, 130), (180, 130, 100))),
    ((252, 216, 140), (250, 190, 206), (190, 210, 250), (206, 186, 244), (186, 230, 210), (250, 246, 250), (230, 160, 120)), ((120, 150,
        230), (220, 110, 150), (100, 180, 160), (170, 120, 220)),
    ((255, 236, 226), (254, 228, 212), (244, 210, 190), (206, 158, 132)), ("", "flower", "bow", "band", "rabbit_ears", "beret", "straw",
        "bag"), frozenset({"outlined", "pale"}), white=4, dark=0,
)  # fmt: skip

TRAIN = (CEL, CHIBI, GOUACHE, PENCIL, PASTEL)
