from __future__ import annotations

import math
from pathlib import Path

from animelayers.training import history, page
from animelayers.training.judge import Judged


def judged(character: float, **sources: float) -> dict[str, object]:
    return Judged(character, math.nan, 0.3, 0.4, math.nan, 0.01, 0.002, 12.5, sources)._asdict()


def test_a_page_of_a_training(tmp_path: Path) -> None:
    for step in range(1, 31):
        history.note(
            tmp_path, {"samples": 240 * step, "loss": 1 / step, "rate": 1e-3 / step, "seconds": 20.0 * step}
        )
        if step % 10 == 0:
            history.note(
                tmp_path, {"samples": 240 * step, "judged": judged(step / 50, **{"<b>": 0.2, "hand": 0.75})}
            )
    path = page.write(tmp_path)
    text = path.read_text()
    assert path.name == "index.html" and text.count("<svg") == 5 and text.count("</svg>") == 5
    assert "7200" in text and "0.6000" in text and "12.5" in text and "–" in text
    assert text.index("<td>hand</td>") < text.index("<td>&lt;b&gt;</td>"), (
        "the best hand first, every name as it is"
    )
    assert not any(word in text for word in ("<script", "src=", "<link", "url(http")), "it needs nothing else"
    assert page.write(tmp_path).read_text() == text, "equal histories, equal pages"


def test_a_page_before_anything_is_known(tmp_path: Path) -> None:
    assert "Nothing is trained yet" in page.write(tmp_path).read_text()
    history.note(tmp_path, {"samples": 12, "loss": 1.5, "rate": 1e-3, "seconds": 2.0})
    text = page.write(tmp_path).read_text()
    assert text.count("<svg") == 2 and "None yet." in text


def test_a_history_goes_on_from_a_checkpoint(tmp_path: Path) -> None:
    for samples in (100, 200, 300):
        history.note(tmp_path, {"samples": samples})
    with (tmp_path / history.HISTORY).open("a") as file:
        file.write('{"samples": 4')
    assert [line["samples"] for line in history.noted(tmp_path)] == [100, 200, 300], (
        "a line that was cut off is none"
    )
    history.forget(tmp_path, 200)
    history.note(tmp_path, {"samples": 240})
    assert [line["samples"] for line in history.noted(tmp_path)] == [100, 200, 240]
