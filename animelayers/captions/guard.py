"""Keeps a layer's caption from naming what the layer does not hold: no being in the background, no place
around the character.

The words are English, the language that models are asked in; a caption in another language passes as it is.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

from animelayers.captions.line import line
from animelayers.captions.words import (
    ABOUT,
    BEING_ENDS,
    BEINGS,
    EMPTY,
    JOINTS,
    LEADS,
    NEARBY,
    PLACES,
    PRESENTERS,
)

Layer = Literal["frame", "character", "background"]
LAYERS: tuple[Layer, ...] = ("frame", "character", "background")
"""The layers that have captions. The frame holds everything."""

_FOREIGN: dict[str, tuple[frozenset[str], tuple[str, ...]]] = {
    "frame": (frozenset(), ()),
    "character": (PLACES, ()),
    "background": (BEINGS, BEING_ENDS),
}
_WORD = re.compile(r"[^\W_]+")
_SENTENCE = re.compile(r"(?<=[.!?;:])\s+|(?<=[。！？])")
_PIECE = re.compile(rf"\s*,\s*|\s+(?=(?:{JOINTS})\b)", re.IGNORECASE)
_ENDS = " ,;:.!?-"
_HANGING = frozenset({"lit", "with", "who", "whose", "which", "that"})


def fits(layer: str, text: str) -> bool:
    """Whether a caption names nothing that the layer does not hold. Raises ValueError for an unknown layer."""
    words, ends = _foreign(layer)
    return not any(_is(word, words, ends) for word in _WORD.findall(text.casefold()))


def cleaned(layer: str, text: str) -> str:
    """The caption in one line, without the sentences, clauses and phrases that name what the layer does not
    hold; '' if nothing is left.

    A caption that fits is left as it is, so cleaning twice is cleaning once. Raises ValueError for an unknown
    layer.
    """
    text = line(text)
    if fits(layer, text):
        return text
    kept = [_clean_sentence(layer, sentence) for sentence in _SENTENCE.split(text) if sentence]
    return line(" ".join(sentence for sentence in kept if sentence))


def _clean_sentence(layer: str, sentence: str) -> str:
    """The pieces of a sentence that fit, without those that hang on a piece that does not."""
    if fits(layer, sentence):
        return sentence.strip()
    saved = ABOUT if layer == "character" else NEARBY
    made, cut, headless = "", False, False
    for number, (piece, comma) in enumerate(_pieces(_opened(sentence))):
        first = piece.split()[0].casefold()
        hangs = cut and not comma and first not in saved
        orphaned = (
            headless and comma and (first.endswith(("ing", "ed")) or first in _HANGING) and first not in saved
        )
        said = _led(piece) if cut or not made else piece
        good = bool(said) and fits(layer, piece) and not hangs and not orphaned
        if good:
            made += f"{', ' if made and (comma or cut) else ' ' if made else ''}{said}"
        headless |= not number and not good
        cut = not good
    if sentence[:1].isupper() and "a" <= made[:1] <= "z":
        made = made[0].upper() + made[1:]
    return f"{made}{'.' if sentence.rstrip()[-1:] in '.!?' else ''}" if made else ""


def _opened(sentence: str) -> str:
    """The sentence without an opening such as 'This is a picture of'."""
    words = sentence.split()
    start = 0
    for number, word in enumerate(words):
        if (plain := word.casefold().strip(_ENDS)) in PRESENTERS:
            start = number + 1
        elif plain not in EMPTY:
            break
    return " ".join(words[start:])


def _pieces(sentence: str) -> list[tuple[str, bool]]:
    """The pieces between commas and before the words that join, and whether a comma stands before each; what
    says nothing joins the next.
    """
    found: list[tuple[str, bool]] = []
    start, comma, waiting = 0, False, ""
    for end, after, joins in [
        *((m.start(), m.end(), "," in m[0]) for m in _PIECE.finditer(sentence)),
        (len(sentence), len(sentence), True),
    ]:
        piece = f"{waiting} {sentence[start:end]}".strip(_ENDS)
        empty = all(word in EMPTY for word in _WORD.findall(piece.casefold()))
        waiting = piece if empty and not joins else ""
        if not empty:
            found.append((piece, comma))
        start, comma = after, comma if waiting else joins
    return found


def _led(piece: str) -> str:
    """The piece without the words it cannot begin with; '' if that says nothing."""
    words = piece.split()
    while words and words[0].casefold() in LEADS:
        words = words[1:]
    return "" if all(word.casefold() in EMPTY for word in words) else " ".join(words)


def _foreign(layer: str) -> tuple[frozenset[str], tuple[str, ...]]:
    if layer not in _FOREIGN:
        raise ValueError(f"layer {layer!r} has no caption: {', '.join(LAYERS)} have")
    return _FOREIGN[layer]


@lru_cache(maxsize=8192)
def _is(word: str, words: frozenset[str], ends: tuple[str, ...]) -> bool:
    """Whether a word is one of some words, in the singular or plural, or ends in one of some ends."""
    stems = {word, *(stem for stem in (word.removesuffix("s"), word.removesuffix("es")) if len(stem) > 2)}
    return not stems.isdisjoint(words) or any(stem.endswith(ends) for stem in stems if ends)
