"""What may be published of a text: no keys, and of paths outside an output only their last part."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl, urlencode

FULL = "full"
"""The choice of `privacy` that keeps whole paths; keys are never kept."""

_URI = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*://)(?P<user>[^\s?#'\"]*@)?(?P<rest>[^\s?#'\"]*)(?P<query>\?[^\s#'\"]*)?"
)
_PATH = re.compile(r"(?<![\w.…:/~-])~?(?:/[^/\s'\":,;()<>]+)+/?|\b[A-Za-z]:\\[^\s'\"]+")
_QUOTED = re.compile(r"(?<=['\"])(?:~?/|[A-Za-z]:\\)[^'\"\n]+(?=['\"])")
_WHOLE = re.compile(r"(?:~?/|[A-Za-z]:\\)[^\n]*")
_HARMLESS = frozenset({"region", "endpoint_override", "scheme"})
"""Keys of a URI's query that say where a store is; all others are left out."""


def without_keys(text: str) -> str:
    """A text whose URIs have neither user, password nor any parameter that could be one."""
    return _URI.sub(_bare, text)


def shown(text: str) -> str:
    """The same, and of each absolute path only the last part: …/film.mkv."""
    kept: list[str] = []

    def keep(found: re.Match[str]) -> str:
        kept.append(_bare(found))
        return f"\0{len(kept) - 1}\0"

    if _WHOLE.fullmatch(text):  # a name may hold spaces and all that ends a path in a sentence
        return _last(text)
    text = _QUOTED.sub(lambda found: _last(found[0]), _URI.sub(keep, text))
    text = _PATH.sub(lambda found: _last(found[0]), text)
    return re.sub("\0(\\d+)\0", lambda found: _local(kept[int(found[1])]), text)


def published(value: Any, whole: bool = False) -> Any:
    """A nest of mappings and lists whose texts are `shown`, or with `whole` only `without_keys`."""
    if isinstance(value, str):
        return without_keys(value) if whole else shown(value)
    if isinstance(value, dict):
        return {key: published(inner, whole) for key, inner in value.items()}
    return [published(inner, whole) for inner in value] if isinstance(value, list | tuple) else value


def _bare(found: re.Match[str]) -> str:
    query = [(key, value) for key, value in parse_qsl((found["query"] or "?")[1:]) if key in _HARMLESS]
    return f"{found['scheme']}{found['rest']}{'?' + urlencode(query) if query else ''}"


def _last(path: str) -> str:
    return "…/" + re.split(r"[/\\]", path.rstrip("/\\"))[-1]


def _local(uri: str) -> str:
    """file:// says a path."""
    return f"…/{uri.rstrip('/').rpartition('/')[2]}" if uri.startswith("file://") else uri
