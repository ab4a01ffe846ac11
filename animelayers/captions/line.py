"""A caption as trainers read it: one line, with its trigger word, prefix and suffix."""

from __future__ import annotations

_EDGES = " ,;"


def line(text: str) -> str:
    """The text in one line: what cannot be printed (line ends, controls, lone surrogates) is a blank, blanks
    are single, none at the ends.
    """
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())


def decorated(text: str, trigger: str = "", prefix: str = "", suffix: str = "") -> str:
    """Trigger word, prefix, caption and suffix in this order, joined by commas, in one line; '' where there
    is no caption to decorate.
    """
    if not line(text):
        return ""
    parts = (line(part).strip(_EDGES) for part in (trigger, prefix, text, suffix))
    return ", ".join(part for part in parts if part)
