from __future__ import annotations

import json
import logging
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from animelayers import job, weights
from animelayers.benchmark import again, lama, loop, net, process, race
from animelayers.benchmark.encode import PARTS, pictures
from animelayers.benchmark.figures import Figure, interleave, markdown, middle
from animelayers.dataset.output import Output
from animelayers.models.saliency import Saliency
from tests.jobs.conftest import Main, command


def test_the_cheap_parts_run_and_report(tmp_path: Path) -> None:
    report = tmp_path / "benchmark.json"
    sizes = [
        "metrics={size:[192,108],rounds:1}",
        "encode={size:[192,108],rounds:1}",
        "again={frames:30,rounds:1,warm:0}",
    ]
    sizes += [
        "compose={films:1,rounds:1,overrides:['truth.size=[160,96]','truth.frames=[2,3]','truth.shots=1']}"
    ]
    words = ["parts=[encode,again,metrics,compose]", *sizes]
    ended = subprocess.run(
        command("benchmark", *words, f"report={report}", f"scratch={tmp_path}"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert list(tmp_path.iterdir()) == [report], "scratch is swept"
    facts = json.loads(report.read_text())
    assert list(facts["parts"]) == ["encode", "again", "metrics", "compose"]
    assert (
        facts["host"]["flags"]
        and facts["host"]["versions"]["numpy"] == np.__version__
        and facts["config"]["cores"] == 2
    )
    for kind in ("flat", "photo"):
        rounds = facts["parts"]["encode"]["rounds"][kind]
        assert {name: len(made) for name, made in rounds.items()} == {"peer": 1, "ours": 1}
        for made in rounds.values():
            assert set(made[0]) == {*PARTS, "bytes"} and made[0]["bytes"] > 1000
    assert {name: len(made) for name, made in facts["parts"]["again"]["rounds"].items()} == {
        "film": 1,
        "pictures": 1,
        "one frame": 1,
    }
    figures = [figure for part in facts["parts"].values() for figure in part["figures"]]
    assert len([line for line in ended.stdout.splitlines() if line.startswith("| ")]) == 2 + len(figures)


def test_a_wrong_part_gets_the_nearest(main: Main) -> None:
    before = logging.getLogger().handlers[:], logging.getLogger().level
    code, said = main("benchmark", "parts=[encod]")
    assert code == 2 and "did you mean encode?" in said
    assert (logging.getLogger().handlers, logging.getLogger().level) == before, (
        "what runs next in this process has its own stderr"
    )


def test_the_silent_net_gives_the_true_alpha_whatever_it_sees(tmp_path: Path) -> None:
    made = pictures((192, 108))
    assert {name: (frame.shape, alpha.shape) for name, (frame, alpha) in made.items()} == {
        name: ((108, 192, 3), (108, 192)) for name in ("flat", "photo")
    }
    square = np.zeros((320, 320), np.uint8)
    square[80:240, 80:240] = 255
    found = Saliency("u2netp", net.write(square, tmp_path / "net.xml"), precision="fp32")(
        [made["flat"][0], made["photo"][0]]
    )
    for alpha in found.alpha:
        assert (
            alpha.shape == (108, 192)
            and np.allclose([alpha[54, 96], alpha[2, 2]], [1, 0])
            and abs(alpha.mean() - 0.25) < 0.01
        )


@pytest.mark.parametrize("make", [again.film, again.pictures])
def test_the_output_written_for_the_second_run_is_whole(make: object, tmp_path: Path) -> None:
    source = make(tmp_path / "in", 30)  # type: ignore[operator]
    words = [f"source.path={source}", f"output={tmp_path / 'out'}"]
    cfg = job.compose("decompose", words)
    again.finish(job.build(cfg.source), job.build(cfg.sink), {})
    out = Output(str(tmp_path / "out"))
    assert (
        len(out) == 30
        and not out.twice
        and not out.errors.num_rows
        and out.layers == ["character", "mask", "background"]
    )
    assert sorted(out.table["frame_index"].to_pylist()) == list(range(30))


def test_trackers_are_measured_from_one_mask_and_missing_weights_are_told(
    main: Main, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANIMELAYERS_WEIGHTS", str(tmp_path))
    report, shot = tmp_path / "benchmark.json", tmp_path / "shot"
    for part in ("frames", "masks"):
        (shot / part).mkdir(parents=True)
    for t in range(5):
        picture = np.random.default_rng(0).integers(60, 90, (80, 120, 3), np.uint8)
        mask = np.zeros((80, 120), np.uint8)
        mask[20:60, 10 + 4 * t : 40 + 4 * t] = 255
        picture[mask > 0] = (200, 40, 40)
        Image.fromarray(picture).save(shot / "frames" / f"{t}.png")
        Image.fromarray(mask).save(shot / "masks" / f"{t}.png")
    words = ["parts=[track]", f"track.source={shot}", "track.names=[flow,sam2]", f"report={report}"]
    code, said = main("benchmark", *words)
    assert code == 0, said
    made = json.loads(report.read_text())["parts"]["track"]
    (figure,) = made["figures"]
    assert (
        len(made["flow"]["j"]) == 4
        and figure["value"] == np.mean(made["flow"]["j"]) > 0.8
        and figure["reached"]
    )
    assert "sam2.1-tiny" in made["sam2"]["left_out"] and "sam2 is left out" in said
    (shot / "masks" / "4.png").unlink()
    code, said = main("benchmark", *words)
    assert code == 2 and "as many masks" in said


def test_lama_is_measured_on_one_script_by_both_sides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("simple_lama_inpainting")
    torch = pytest.importorskip("torch")
    monkeypatch.setenv("LAMA_MODEL", "")
    script = lama.costly(tmp_path / "tiny.pt", (4, 8, 8, 8), 1)
    (figure,), made = lama.measure(script, None, (128, 64), 2, torch.get_num_threads())
    assert figure.goal == 5 and figure.ours and figure.theirs and "2 holes" in figure.what
    assert {side: len(rounds) for side, rounds in made["rounds"].items()} == {"peer": 2, "ours": 2}


def test_the_plain_loop_writes_three_layers_of_each_frame(tmp_path: Path) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    again.pictures(source, 3)
    out.mkdir()

    def cut(picture: Image.Image) -> Image.Image:
        whole = picture.copy()
        whole.putalpha(Image.new("L", picture.size))
        return whole

    for index, picture in enumerate(loop.frames(source)):
        loop.layers(picture, cut, str(out / f"{index:06d}"))
    assert len(list(out.iterdir())) == 9
    assert (
        Image.open(out / "000002.character.png").mode == "RGBA"
        and Image.open(out / "000002.mask.png").mode == "L"
    )
    assert len(list(loop.frames(again.film(tmp_path / "film", 5) / "film.mp4"))) == 5


def test_the_job_as_it_comes_races_the_loop_with_the_quickest_net(film: Path, tmp_path: Path) -> None:
    try:
        weights.find("u2netp")
    except weights.WeightsError:
        pytest.skip("no u2netp here: animelayers fetch_models 'names=[u2netp]'")
    drawn = next(film.glob("*.mkv"))
    figures, facts = race.measure(
        drawn, None, [race.DEFAULT], tmp_path / "race", 1, 1, ["cluster=inline", "cluster.processes=0"]
    )
    assert [figure.what for figure in figures] == [
        "default as it comes: whole process",
        "default as it comes: CPU",
    ]
    assert figures[0].goal == race.GOALS[race.DEFAULT] and all(
        figure.ours and figure.theirs for figure in figures
    )
    assert set(facts["models"][race.DEFAULT]["rounds"]) == {"peer", "as it comes"}
    assert "layernet" in (tmp_path / "race" / "default" / "as it comes" / "dataset.json").read_text()


def test_speed_is_the_slope_of_what_was_written() -> None:
    ended = process.Ended(started=0, wall=20, cpu=1, peak=0, said="")
    by_frame = race._speed(ended, [(100 + t / 10, 1) for t in range(50)])
    assert (
        np.isclose(by_frame["running_fps"], 10)
        and by_frame["fps"] == 2.5
        and np.isclose(by_frame["start"], 15)
    )
    two_workers = race._speed(ended, [(t // 2, 12) for t in range(12)])
    assert np.isclose(two_workers["running_fps"], 24, rtol=0.05)


def test_memory_is_that_of_the_whole_family_daemons_too(tmp_path: Path) -> None:
    daemon = "x = bytearray(b'.') * 80_000_000; import time; time.sleep(1.5)"
    code = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {daemon!r}], start_new_session=True).wait()"
    ended = process.run([sys.executable, "-c", code], memory=True)
    assert 80e6 < ended.peak < 300e6 and ended.cpu > 0
    with pytest.raises(process.Failed, match="ended with 7: why"):
        process.run([sys.executable, "-c", "print('why'); raise SystemExit(7)"])


def test_rounds_are_interleaved_and_goals_told() -> None:
    order: list[str] = []
    made = interleave(
        {
            "a": lambda: order.append("a") or {"n": len(order)},
            "b": lambda: order.append("b") or {"n": len(order)},
        },
        3,
    )  # type: ignore[func-returns-value]
    assert "".join(order) == "ababab" and middle(made["a"]) == {"n": 3}
    good, bad = (
        Figure("p", "what", 1, "ms", 6.5, 6.5, 6),
        Figure("p", "bytes", 2, "kB", 2, 1, 1.25, at_most=True),
    )
    assert (good.reached, bad.reached) == (True, False)
    table = markdown([good, bad, Figure("p", "told", 1, "s", 1)]).splitlines()
    assert (
        "| 6.5 | ≥ 6 | reached |" in table[2]
        and "**missed**" in table[3]
        and table[4].endswith("| 1 |  |  |")
    )


def test_what_reading_checks_and_what_trust_costs_are_shares(tmp_path: Path) -> None:
    report = tmp_path / "benchmark.json"
    words = [
        "parts=[read,trust]",
        "read={frames:2,rounds:1}",
        "trust={frames:4,rounds:1}",
        "size=[192,108]",
        "decompose=['preset=demo']",
    ]
    ended = subprocess.run(
        command("benchmark", *words, f"report={report}", f"scratch={tmp_path}"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    parts = json.loads(report.read_text())["parts"]
    checks = [
        figure for figure in parts["read"]["figures"] if figure["what"].endswith("share spent on checks")
    ]
    assert len(checks) == 3 and all(0 < figure["value"] < 1 for figure in checks)
    assert parts["read"]["rounds"]["1080p H.264"]["ours"][0]["combs"] > 0
    (once,) = parts["trust"]["rounds"][1:]
    assert [figure["goal"] for figure in parts["trust"]["figures"]] == [0.03, 0.03]
    for what in ("layers", "tables", "disk", "fence", "lock", "inputs", "enter", "leave", "precision"):
        assert 0 < once[f"{what}_wall"] < once["wall_seconds"], what
    assert 0 < once["cpu"] < 1 and 0 < once["wall"] < 1
