"""The hands whose people are for judging."""

from __future__ import annotations

from animelayers.truth.people.look import Eyes, Face, Outfit
from animelayers.truth.people.marks import Ink
from animelayers.truth.people.style import Style

SHONEN = Style(
    "shonen", "val", Ink(5.2, (18, 14, 22), "cel", (24, 16, 52), 0.5),
    Face(Eyes(tall=0.088, wide=0.135, slant=0.045, iris=(0.058, 0.08), pupil=0.5, lash=0.062, wing=0.04, lower=0.02, glints=((-0.02,
        -0.025, 0.018, 0.02),), glow=0.25, height=0.14, apart=0.215, crease=False),
         jaw=0.84, chin=1.06, nose="bridge", mouth=1.25, blush=0.0, brow=0.05, shine="patch", strands=0.6),
    (4.8, 6.1, 7.0, 6.2),
    (("spikes", "short", "wild"), ("spikes", "mane", "spiky"), ("choppy", "nape", "spiky"), ("peak", "low_pony", "close"), ("choppy",
        "medium", "tousled"), ("peak", "nape", "flat"), ("bare", "none", "none"), ("spikes", "pony", "spiky")),
    (Outfit(sleeve="none", bottom="wide", collar="cross", belt=True, feet="sandal", socks=0.2), Outfit(sleeve="wide", bottom="wide",
        collar="cross", belt=True, feet="sandal"), Outfit(over="coat", collar="high", feet="boot", front="band"), Outfit(front="plates",
        sleeve="none", bottom="wide", feet="boot", belt=True),
     Outfit(over="vest", sleeve="short", collar="round", belt=True, feet="boot"), Outfit(over="cape", front="plates", feet="boot"),
         Outfit(sleeve="none", bottom="shorts", collar="high", feet="boot", belt=True)),
    (((232, 110, 30), (40, 60, 120), (240, 220, 60), (40, 40, 60)), ((200, 40, 44), (30, 30, 36), (236, 236, 230), (60, 44, 40)), ((40,
        90, 160), (236, 232, 220), (220, 60, 40), (50, 44, 50)), ((70, 130, 60), (90, 66, 44), (230, 200, 120), (60, 44, 36)), ((110, 60,
        140), (50, 44, 70), (190, 230, 120), (40, 36, 50))),
    ((24, 22, 30), (240, 210, 60), (220, 70, 40), (60, 80, 160), (236, 236, 240), (70, 130, 70)), ((40, 40, 50), (40, 90, 160), (150, 40,
        40), (60, 120, 70)), ((250, 214, 176), (236, 186, 146), (200, 142, 104), (140, 92, 68)),
    ("", "", "scarf", "rucksack", "horns", "band", "straps"), frozenset({"outlined", "flat"}), limb=1.14,
)  # fmt: skip

RETRO = Style(
    "retro", "val", Ink(4.2, (52, 34, 26), "flat"),
    Face(Eyes(tall=0.15, wide=0.105, iris=(0.06, 0.115), pupil=0.92, lash=0.04, wing=0.085, lower=0.012, glints=((-0.02, -0.05, 0.022,
        0.034),), glow=0.05, apart=0.2, height=0.16, crease=False),
         jaw=1.12, chin=0.96, nose="button", mouth=1.3, blush=0.0, brow=0.036, shine="none", strands=0.6),
    (3.9, 5.0, 5.6, 5.0),
    (("peak", "bob", "big"), ("rounded", "pony", "big"), ("swept", "short", "flat"), ("rounded", "braids", "smooth"), ("curl", "afro",
        "big"), ("short", "nape", "flat"), ("peak", "mane", "big"), ("bare", "none", "none"), ("blunt", "nape", "smooth")),
    (Outfit(sleeve="short", bottom="shorts", collar="shirt", socks=0.5), Outfit(bottom="gown", hem=0.4, flare=1.1, sleeve="short",
        collar="bib", socks=0.25), Outfit(bottom="wide", collar="high", front="stripe"), Outfit(front="band", collar="high", belt=True,
        feet="boot"),
     Outfit(over="vest", collar="shirt", front="tie"), Outfit(bottom="skirt", hem=0.38, flare=1.0, collar="high", socks=0.8),
         Outfit(front="buttons", collar="shirt", belt=True), Outfit(bottom="robe", hem=0.92, sleeve="wide", collar="cross", feet="sandal")),
    (((206, 70, 50), (236, 220, 180), (60, 90, 130), (110, 60, 40)), ((238, 196, 96), (120, 80, 50), (200, 80, 50), (90, 56, 40)), ((92,
        150, 160), (230, 214, 180), (206, 96, 60), (80, 60, 50)), ((236, 226, 200), (80, 110, 90), (196, 60, 60), (120, 70, 46)), ((170,
        100, 110), (60, 60, 80), (240, 220, 170), (60, 44, 40))),
    ((40, 30, 28), (110, 64, 36), (226, 176, 80), (180, 70, 40), (60, 70, 110)), ((50, 34, 28), (40, 60, 90)), ((250, 216, 180), (240,
        196, 156), (186, 130, 94), (120, 80, 58)),
    ("", "", "band", "cap", "beret", "bow", "scarf", "glasses"), frozenset({"outlined", "flat"}),
)  # fmt: skip

TONE = Style(
    "tone", "val", Ink(3.8, (14, 14, 16), "tone", (60, 60, 66), 0.75, grey=True),
    Face(Eyes(tall=0.13, wide=0.14, slant=0.015, iris=(0.085, 0.125), pupil=0.55, lash=0.056, wing=0.07, lower=0.01, glints=((-0.035,
        -0.045, 0.034, 0.04), (0.035, 0.06, 0.018, 0.02)), glow=0.7, height=0.16, apart=0.225),
         jaw=0.9, chin=1.02, nose="bridge", mouth=0.95, blush=0.0, brow=0.026, shine="streaks", strands=1.0),
    (4.6, 6.0, 6.8, 6.1),
    (("choppy", "long", "tousled"), ("one_eye", "nape", "tousled"), ("parted", "bob", "smooth"), ("choppy", "tails", "smooth"), ("spikes",
        "short", "spiky"), ("parted", "low_pony", "close"), ("wisps", "mane", "big"), ("peak", "bun", "close")),
    (Outfit(over="coat", collar="shirt", front="tie", belt=True), Outfit(collar="hood", front="zip", feet="boot"), Outfit(bottom="skirt",
        hem=0.5, flare=0.7, collar="high", socks=1.2, feet="boot"), Outfit(sleeve="none", bottom="gown", hem=0.85, flare=0.6,
        collar="round"),
     Outfit(over="vest", collar="shirt", belt=True), Outfit(bottom="robe", hem=0.94, sleeve="wide", collar="cross", feet="sandal"),
         Outfit(sleeve="short", collar="round", front="stripe", belt=True), Outfit(over="cape", collar="high", feet="boot")),
    (((255, 255, 255), (70, 70, 74), (190, 190, 194), (40, 40, 44)), ((120, 120, 124), (240, 240, 242), (50, 50, 54), (200, 200, 204)),
        ((200, 200, 204), (40, 40, 44), (255, 255, 255), (30, 30, 34)), ((255, 255, 255), (255, 255, 255), (160, 160, 164), (60, 60, 64))),
    ((30, 30, 34), (255, 255, 255), (150, 150, 154), (210, 210, 214), (70, 70, 74)), ((90, 90, 94), (140, 140, 144)), ((255, 255, 255),
        (252, 252, 252), (206, 206, 208)),
    ("", "glasses", "scarf", "headphones", "bag", "fox_ears", "horns"), frozenset({"outlined", "grey"}), white=3, dark=2,
)  # fmt: skip

PAPER = Style(
    "paper", "val", Ink(0.0, None, "flat"),
    Face(Eyes(kind="dot", tall=0.06, wide=0.13, iris=(0.032, 0.05), glints=(), lash=0.03, apart=0.19, height=0.17), jaw=1.1, chin=0.97,
        nose="button", mouth=0.8, blush=0.3, brow=0.022, shine="none", strands=0.0),
    (4.3, 5.9, 6.8, 6.2),
    (("rounded", "bob", "smooth"), ("bare", "bun", "smooth"), ("curl", "short", "flat"), ("bare", "afro", "smooth"), ("parted", "medium",
        "smooth"), ("bare", "none", "none"), ("blunt", "low_tails", "smooth"), ("short", "nape", "tousled"), ("swept", "mane", "big")),
    (Outfit(sleeve="long", collar="high", bottom="wide"), Outfit(bottom="gown", hem=0.6, flare=0.8, sleeve="short", collar="round",
        feet="boot"), Outfit(over="coat", collar="high", feet="boot"), Outfit(sleeve="short", collar="round", bottom="shorts", socks=0.4),
        Outfit(front="apron", collar="shirt"),
     Outfit(bottom="skirt", hem=0.65, flare=0.8, collar="round", feet="boot"), Outfit(over="vest", collar="shirt", belt=True),
         Outfit(front="stripe", collar="round", bottom="wide")),
    (((232, 120, 80), (60, 76, 96), (250, 220, 160), (50, 44, 52)), ((100, 150, 140), (230, 214, 190), (226, 110, 90), (80, 60, 54)),
        ((238, 190, 90), (96, 80, 110), (90, 150, 150), (60, 50, 60)), ((120, 110, 160), (236, 226, 220), (240, 150, 120), (70, 56, 70)),
        ((226, 226, 220), (130, 100, 84), (90, 130, 100), (90, 66, 54))),
    ((60, 46, 46), (170, 96, 60), (232, 190, 120), (40, 44, 60), (206, 90, 70), (236, 232, 226)), ((50, 40, 44),), ((248, 208, 176), (230,
        176, 136), (182, 122, 88), (120, 78, 60), (88, 58, 48)),
    ("", "glasses", "scarf", "bag", "cap", "straw", "rucksack", "flower"), frozenset({"flat", "lineless"}), white=2,
)  # fmt: skip

WASH = Style(
    "wash", "val", Ink(2.0, None, "soft", (96, 110, 170), 0.5, grain=6.0),
    Face(Eyes(tall=0.115, wide=0.125, slant=0.01, iris=(0.082, 0.112), pupil=0.4, lash=0.036, wing=0.03, lower=0.01, glints=((-0.03,
        -0.04, 0.022, 0.026),), glow=0.6, apart=0.21, height=0.175), jaw=1.04, chin=0.98, nose="dot", mouth=0.9, blush=0.42, brow=0.022,
        shine="streaks", strands=0.6),
    (4.6, 5.8, 6.6, 5.9),
    (("choppy", "bob", "smooth"), ("parted", "low_tails", "smooth"), ("wisps", "long", "smooth"), ("choppy", "short", "tousled"),
        ("blunt", "bun", "smooth"), ("rounded", "nape", "smooth"), ("one_eye", "pony", "smooth"), ("bare", "none", "none")),
    (Outfit(sleeve="long", bottom="gown", hem=0.75, flare=1.0, collar="round", feet="boot"), Outfit(over="coat", collar="hood",
        feet="boot"), Outfit(sleeve="short", bottom="shorts", collar="shirt", feet="sandal"), Outfit(collar="high", bottom="wide"),
        Outfit(front="apron", bottom="skirt", hem=0.7, collar="shirt"),
     Outfit(bottom="robe", hem=0.9, sleeve="wide", collar="cross", feet="sandal"), Outfit(over="cape", collar="round", feet="boot")),
    (((226, 150, 130), (110, 130, 160), (246, 226, 190), (130, 96, 80)), ((170, 200, 190), (226, 206, 180), (220, 140, 110), (120, 100,
        90)), ((150, 170, 206), (240, 232, 222), (230, 180, 110), (100, 90, 100)), ((210, 190, 150), (120, 140, 110), (190, 100, 90),
        (110, 84, 70)), ((190, 160, 190), (100, 100, 140), (240, 220, 230), (96, 80, 100))),
    ((130, 90, 70), (80, 74, 92), (220, 180, 130), (190, 110, 90), (120, 140, 170), (236, 230, 226)), ((90, 120, 130), (130, 96, 70),
        (110, 130, 90)), ((252, 226, 208), (244, 206, 180), (214, 166, 136), (150, 108, 86)),
    ("", "scarf", "bag", "straw", "beret", "fox_ears", "flower", "glasses"), frozenset({"painted", "soft", "outlined"}), white=2,
)  # fmt: skip

VAL = (SHONEN, RETRO, TONE, PAPER, WASH)
