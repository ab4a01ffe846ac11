from __future__ import annotations

import pytest

from animelayers.models.protocols import Line
from animelayers.stages.subtitle import Subtitle, merged


def lines(*texts: tuple[str, float]) -> list[Line]:
    return [Line(text, score, (0, 9 * k, 50, 8)) for k, (text, score) in enumerate(texts)]


def test_sure_lines_are_joined_by_single_blanks() -> None:
    assert merged(lines(("Ich  kann", 0.9), ("??", 0.2), ("nicht", 0.7)), 0.7) == "Ich kann nicht"
    assert merged([], 0.7) == "" and merged(lines(("nicht", 0.69)), 0.7) == ""


def test_a_lone_sign_is_no_text_in_any_script() -> None:
    assert merged(lines(("H", 0.99)), 0.7) == "" and merged(lines(("()", 0.99)), 0.7) == ""
    assert (
        merged(lines(("はい", 0.99)), 0.7) == "はい" and merged(lines(("I", 0.9), ("I", 0.9)), 0.7) == "I I"
    )


@pytest.mark.parametrize("options", [{"part": 0.0}, {"part": 1.5}, {"min_score": -0.1}])
def test_shares_out_of_range_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="part must be above 0"):
        Subtitle(lambda pictures: [[] for _ in pictures], **options)
