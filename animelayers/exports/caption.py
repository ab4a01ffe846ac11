"""The words beside an exported picture: a template of columns, a trigger before it."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from animelayers.captions.given import WAYS, Given, merged
from animelayers.captions.lint import tags
from animelayers.record import former
from animelayers.record.schema import LISTS, RECORD, Row

_FIELD = re.compile(r"\{(\w+)\}")
_UNSAFE = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|\s]+')
_LONGEST = 120  # bytes of a folder's name


@dataclass(frozen=True)
class Caption:
    """Captions in one line: the trigger, the separator, and a template in which ``{column}`` is the frame's
    value of that column.

    ``{caption}`` is caption_frame, caption_character or caption_background, as the layer has it, or the
    caption that lay beside the input (of a frame before, of a layer after what a model says), and ``{layer}``
    its name. Parts between commas of which all columns are blank go, and so does the separator where there is
    nothing behind it. ``separator``: ', ', or '|||' where kohya shall keep the trigger in front. ``drop``:
    tags, what stands between commas, that are left out; ``replace``: tags and what stands for them.
    ``prune``: above 0, tags that at least that share of the set's captions have are left out: what is always
    there the trigger learns. ``given``: how what lay beside the input goes with what a model says: either
    (one of them), first or last (both), none; see `captions.given`.
    """

    template: str = "{caption}"
    trigger: str = ""
    separator: str = ", "
    drop: Sequence[str] = ()
    replace: Mapping[str, str] = field(default_factory=dict)
    prune: float = 0.0
    given: Given = "either"

    def __post_init__(self) -> None:
        """Raises ValueError for a share that is none and for a way of words that there is not."""
        if self.given not in WAYS:
            raise ValueError(f"caption.given={self.given}: it is one of {', '.join(WAYS)}")
        if not 0 <= self.prune <= 1:
            raise ValueError(f"caption.prune={self.prune} is a share, 0..1; 0: nothing is left out")

    def check(self, columns: Collection[str]) -> None:
        """Raise ValueError for a name in the template that is no column of the frame table."""
        known(self.template, columns, "caption.template")

    def of(self, row: Row, layer: str, more: str = "") -> str:
        """The caption of a layer of a frame, '' where nothing is known; `more` is put at its end, such as
        what it stands on.
        """
        row = {**row, "caption": self._said(row, layer)}
        parts = [part for part in (_part(part, row, layer) for part in self.template.split(",")) if part]
        if self.drop or self.replace:
            told = [self.replace.get(tag, tag) for tag in tags(", ".join(parts)) if tag not in self.drop]
            parts = list(dict.fromkeys(filter(None, told)))
        text = ", ".join([*parts, more] if more and (parts or self.trigger) else parts)
        return self.separator.join(filter(None, [self.trigger, text]))

    def _said(self, row: Row, layer: str) -> str | None:
        """A set's picture has its own caption, another layer what is told of it."""
        return (
            row.get("caption")
            if "origin" in row
            else merged(layer, row.get("caption_given") or "", row.get(f"caption_{layer}") or "", self.given)
        )


def known(template: str, columns: Collection[str], option: str) -> None:
    """Raise ValueError for a field of a template that is no column."""
    names = [former.column(name, option) for name in _FIELD.findall(template)]
    if missing := [name for name in names if name not in {"caption", "layer", *columns}]:
        raise ValueError(
            f"{option}: {{{missing[0]}}} is no column of the frame table; annotate the output first, or name one it has"
        )


def folder(template: str, row: Row, layer: str) -> str:
    """A template as the name of a folder: of any alphabet, without what file systems refuse; the layer's name
    where it is blank.
    """
    name = _UNSAFE.sub(" ", fill(template, row, layer)).strip(" .-")
    return name.encode()[:_LONGEST].decode(errors="ignore").strip() or layer


def fill(template: str, row: Row, layer: str) -> str:
    """A template with its fields filled in, in one line."""
    return " ".join(_FIELD.sub(lambda match: _value(match[1], row, layer), template).split())


def _part(part: str, row: Row, layer: str) -> str:
    fields = _FIELD.findall(part)
    return "" if fields and not any(_value(name, row, layer) for name in fields) else fill(part, row, layer)


def _value(name: str, row: Row, layer: str) -> str:
    name = former.COLUMNS.get(name, name)
    value = layer if name == "layer" or (name == "concept" and not row.get("concept")) else row.get(name)
    if name in LISTS and isinstance(value, list):
        value = RECORD[name].written(value)
    if isinstance(value, float):
        return f"{value:g}"
    return "" if value is None or value == "none" else str(value).strip().rstrip(".")
