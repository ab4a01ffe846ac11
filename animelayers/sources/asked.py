"""What the user asked of reading."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Asked:
    """What the user asked of reading.

    ``max_pixels``: larger pictures are refused. ``alpha_on``: the colour that transparent ones are composed
    on, sRGB. ``aspect``: square (pixels are made square) or stored. ``hdr``: tone_map or keep.
    ``deinterlace``: auto or off. ``damaged``: what becomes of a picture that only a lenient decoder reads:
    flag, error or keep (which keeps those cut short, too). ``alpha``: what becomes of alpha that pictures and
    films have of their own: character (it is the character's), compose (it is gone once they are composed) or
    auto (character where it tells a figure from nothing: some of it clear, some of it not).
    """

    max_pixels: int = 64_000_000
    alpha_on: tuple[int, int, int] = (255, 255, 255)
    aspect: str = "square"
    hdr: str = "tone_map"
    deinterlace: str = "auto"
    damaged: str = "flag"
    alpha: str = "auto"

    def __post_init__(self) -> None:
        """Raises ValueError for a word that is no choice."""
        choices = {
            "aspect": ("square", "stored"), "hdr": ("tone_map", "keep"), "deinterlace": ("auto", "off"), "damaged": ("flag", "error", "keep"),
            "alpha": ("auto", "character", "compose"),
        }  # fmt: skip
        for name, words in choices.items():
            if getattr(self, name) not in words:
                raise ValueError(f"source.{name}={getattr(self, name)!r} is none of {', '.join(words)}")
