"""What is wrong with the captions of a set, taken together: what trainers' users find out too late."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from animelayers.captions.guard import fits

ALWAYS = 0.9
"""Share of the captions from which on a tag is always there: the trigger carries it."""
_IDENTITY = re.compile(
    r"\b(?:(?:long|short|medium|black|brown|blonde?|red|blue|green|pink|purple|white|silver|grey|gray|orange|spiky|curly|straight|twin)[ -]+)+"
    r"(?:hair|eyes?|bangs|skin|ponytail|twintails|braids?)\b|\b(?:ponytail|twintails|heterochromia|freckles|mole under \w+ eye)\b",
    re.IGNORECASE,
)
_SEVERAL = re.compile(
    r"\b(?:two|three|four|several|\d+(?:girls|boys)|multiple|characters|people)\b", re.IGNORECASE
)
_ALONE = re.compile(r"\b(?:solo|alone|1girl|1boy|a character)\b", re.IGNORECASE)
_LEAST, _MOST = 3, 75  # words: fewer tell nothing, more than an encoder's first window takes lose their end


class Remark(NamedTuple):
    """What is wrong, and the names of the captions it is wrong with."""

    what: str
    names: Sequence[str]


def tags(caption: str) -> list[str]:
    """The parts of a caption between commas, each once, without blanks."""
    return list(
        dict.fromkeys(part.strip() for part in caption.replace("|||", ",").split(",") if part.strip())
    )


def counts(captions: Collection[str]) -> Counter[str]:
    """In how many captions each tag is."""
    return Counter(tag for caption in captions for tag in tags(caption))


def core(captions: Collection[str], trigger: str = "", share: float = ALWAYS) -> list[str]:
    """Tags that at least `share` of the captions have, the trigger aside: what always is there the trigger
    learns, so that naming it again takes it away from it.
    """
    least = max(2, share * len(captions))
    return [tag for tag, number in counts(captions).most_common() if number >= least and tag != trigger]


def pruned(caption: str, gone: Collection[str]) -> str:
    """A caption without some tags, whole ones."""
    return ", ".join(tag for tag in tags(caption) if tag not in gone)


def lint(
    captions: Mapping[str, str],
    trigger: str = "",
    people: Mapping[str, int] = MappingProxyType({}),
    one: bool = True,
) -> list[Remark]:
    """What is wrong with the captions of a set of one character, by their names; what hurts most comes first.

    ``people``: how many characters each picture shows, of those of which that is known. ``one``: false for a
    set that is not of one character: what may stand in its captions is not judged.
    """
    said = {name: text for name, text in captions.items() if text}
    made = [
        Remark(
            "no caption: the trainer makes one up, or learns without words",
            [name for name in captions if not captions[name]],
        )
    ]
    if len(said) > 1 and len({*said.values()}) == 1:
        made.append(
            Remark(
                "every caption is the same: nothing but the trigger is learned, scene and pose with it",
                [*said],
            )
        )
    often = Counter(said.values()).most_common(1)
    if len(said) > 3 and len(said) > often[0][1] > len(said) / 2:
        same = [name for name, text in said.items() if text == often[0][0]]
        made.append(
            Remark(
                f"{len(same)} of {len(said)} captions are the same: what these pictures show is learned with the trigger",
                same,
            )
        )
    made.append(
        Remark(
            "the trigger is missing",
            [name for name, text in said.items() if trigger and trigger not in tags(text)],
        )
    )
    if one:
        made += _of_one(said, trigger, people)
    made.append(
        Remark(f"fewer than {_LEAST} words", [n for n, text in said.items() if len(text.split()) < _LEAST])
    )
    made.append(
        Remark(
            f"more than {_MOST} words: an encoder of one window drops the end",
            [n for n, text in said.items() if len(text.split()) > _MOST],
        )
    )
    return [remark for remark in made if remark.names]


def _of_one(said: Mapping[str, str], trigger: str, people: Mapping[str, int]) -> list[Remark]:
    """What must not stand in the captions of one character's pictures."""
    made = []
    leaks = {
        name: found[0] for name, text in said.items() if (found := _IDENTITY.search(_without(text, trigger)))
    }
    words = ", ".join(word for word, _ in Counter(leaks.values()).most_common(3))
    made.append(Remark(f"who she is named in words ({words}): what the trigger should carry", [*leaks]))
    made.append(
        Remark(
            "alone and several at once",
            [name for name, text in said.items() if _ALONE.search(text) and _SEVERAL.search(text)],
        )
    )
    counted = [
        n
        for n, text in said.items()
        if n in people and (_SEVERAL if people[n] == 1 else _ALONE).search(_without(text, trigger))
    ]
    made.append(Remark("another number of people than the picture shows", [n for n in counted if people[n]]))
    places = [name for name, text in said.items() if not fits("character", _without(text, trigger))]
    made.append(Remark("a place is named though her mask alone trains", places))
    return made


def _without(text: str, trigger: str) -> str:
    return ", ".join(tag for tag in tags(text) if tag != trigger)
