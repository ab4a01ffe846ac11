"""The words a shot is described by, and what a shot has to be for each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_ONE = {1: 0.75, 2: 0.25}

DEMANDS: Mapping[str, Mapping[str, Any]] = {
    "people": {"who": {"person": 1}, "figures": _ONE},
    "anime": {"who": {"anime": 1}, "figures": _ONE},
    "creature": {"who": {"creature": 1}, "figures": _ONE},
    "vehicle": {"who": {"vehicle": 1}, "figures": _ONE},
    "far": {"framing": {"far": 1}, "figures": _ONE},
    "full_body": {"framing": {"full_body": 1}, "figures": _ONE},
    "close_up": {
        "framing": {"close_up": 1},
        "figures": {1: 0.6, 2: 0.4},
        "who": {"anime": 0.6, "person": 0.4},
    },
    "cut_by_border": {"framing": {"cut_by_border": 1}, "figures": _ONE},
    "empty": {"figures": {0: 1}},
    "two": {"figures": {2: 1}},
    "crowd": {"figures": {3: 0.6, 4: 0.4}, "framing": {"far": 0.4, "full_body": 0.6}},
    "still_figure": {"movement": {"still": 1}, "figures": _ONE},
    "talking": {"movement": {"talking": 1}, "figures": _ONE, "who": {"anime": 0.7, "person": 0.3}},
    "gesture": {"movement": {"gesture": 1}, "figures": _ONE, "who": {"anime": 1}},
    "walking": {"movement": {"walking": 1}, "figures": _ONE, "framing": {"far": 0.3, "full_body": 0.7}},
    "slide": {"movement": {"slide": 1}, "figures": _ONE},
    "jumping": {"movement": {"jumping": 1}, "figures": _ONE, "framing": {"far": 0.3, "full_body": 0.7}},
    "flying": {"movement": {"flying": 1}, "figures": _ONE, "framing": {"far": 0.5, "full_body": 0.5}},
    "turning": {"movement": {"turning": 1}, "figures": _ONE},
    "scaling": {"movement": {"scaling": 1}, "figures": _ONE},
    "sequence": {"movement": {"sequence": 1}, "figures": _ONE, "who": {"creature": 0.6, "person": 0.4}},
    "ones": {
        "exposure": {1: 1},
        "movement": {"walking": 0.5, "talking": 0.25, "sequence": 0.25},
        "figures": _ONE,
    },
    "twos": {
        "exposure": {2: 1},
        "movement": {"walking": 0.5, "talking": 0.25, "gesture": 0.25},
        "figures": _ONE,
    },
    "threes": {
        "exposure": {3: 1},
        "movement": {"walking": 0.5, "talking": 0.25, "gesture": 0.25},
        "figures": _ONE,
    },
    "fours": {"exposure": {4: 1}, "movement": {"talking": 0.5, "gesture": 0.5}, "figures": _ONE},
    "crossing": {"figures": {2: 0.8, 3: 0.2}, "crossing": 1.0, "framing": {"far": 0.2, "full_body": 0.8}},
    **{
        f"camera_{kind}": {"camera": {kind: 1}}
        for kind in ("still", "pan", "tilt", "zoom", "rotate", "shake", "weave")
    },
    "parallax": {"camera": {"pan": 0.8, "tilt": 0.2}, "parallax": 1.0},
    "prop_like_figure": {"props": {1: 0.7, 2: 0.3}},
    "prop_in_front": {"fronts": {1: 1}, "figures": _ONE},
    "shadow": {
        "shadow": {"contact": 0.5, "cast": 0.5},
        "figures": _ONE,
        "framing": {"far": 0.3, "full_body": 0.7},
    },
    "effect_over": {"effects": {1: 1}, "effect": {"any": 1}, "mode": {"over": 1}},
    "effect_add": {"effects": {1: 1}, "effect": {"any": 1}, "mode": {"add": 1}},
    "effect_screen": {"effects": {1: 1}, "effect": {"any": 1}, "mode": {"screen": 1}},
    "effect_behind": {
        "effects": {1: 1},
        "where": {"behind": 1},
        "figures": _ONE,
        "effect": {"fire": 0.3, "explosion": 0.3, "aura": 0.2, "smoke": 0.2},
    },
    "effect_beside": {
        "effects": {1: 1},
        "where": {"beside": 1},
        "figures": _ONE,
        "effect": {"fire": 0.3, "explosion": 0.3, "sprite": 0.4},
    },
    "effect_in_front": {
        "effects": {1: 1},
        "where": {"front": 1},
        "figures": _ONE,
        "effect": {"fire": 0.4, "explosion": 0.3, "smoke": 0.3},
    },
    "effect_alone": {"effects": {1: 1}, "figures": {0: 1}},
    **{
        kind: {"effects": {1: 1}, "effect": {kind: 1}}
        for kind in ("flash", "aura", "smoke", "rain", "snow", "sparkle", "fire", "explosion", "beam")
    },
    **{
        look: {"contrast": {look: 1}, "figures": _ONE}
        for look in ("white_on_light", "dark_on_dark", "colours_close", "outline", "line_drawing", "grey")
    },
    "dissolve": {"transition": {"dissolve": 1}},
    "fade": {"transition": {"fade": 1}},
    **{overlay: {"overlay": {overlay: 1}} for overlay in ("letterbox", "subtitles", "logo")},
    **{film: {"film": {film: 1}} for film in ("grain", "blur", "resize", "old_film", "h264_low")},
    "h265": {"codec": {"h265": 1}, "film": {"clean": 1}},
}
"""What the distributions become for a shot that has to show a word."""

TRAITS = (*DEMANDS, "wipe", "one", "3d", "flat", "painted", "still_picture")
"""All words a shot may be described by."""
