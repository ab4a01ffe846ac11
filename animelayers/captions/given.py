"""The words a user brought and those of a model, as one caption."""

from __future__ import annotations

from typing import Literal

from animelayers.captions.guard import cleaned
from animelayers.captions.lint import tags

Given = Literal["either", "first", "last", "none"]
WAYS: tuple[Given, ...] = ("either", "first", "last", "none")


def merged(layer: str, given: str, made: str, way: str = "either") -> str:
    """What is said of a layer (frame, character, background): what lay beside the user's picture, ``given``,
    and what a model ``made`` of it.

    ``way``: either (one of them: of the frame the user's, of a layer the model's, and the other where there
    is none), first or last (both, the user's first or last, no tag twice, without what of the user's the
    layer does not hold), none (the model's alone). Raises ValueError for another way.
    """
    if way not in WAYS:
        raise ValueError(f"given={way}: it is one of {', '.join(WAYS)}")
    if way == "either":
        return (given or made) if layer == "frame" else (made or given)
    if way == "none":
        return made
    own, said = (tags(text.strip().rstrip(".")) for text in (cleaned(layer, given), made))
    known: dict[str, str] = {}
    for tag in [*own, *said] if way == "first" else [*said, *own]:
        known.setdefault(tag.casefold(), tag)
    return ", ".join(known.values())
