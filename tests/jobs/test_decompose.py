from __future__ import annotations

import contextlib
import hashlib
import json
import os
import runpy
import shutil
import signal
import subprocess
import time
from pathlib import Path

import cv2
import numpy as np
import psutil
import pyarrow.parquet as pq
import pytest
from PIL import Image

from animelayers import Output, job
from animelayers.dataset.xsheet import saved
from animelayers.models.onnx import bf16_pays
from animelayers.sinks import Changed, SinkError
from tests.jobs.conftest import (
    FRAMES,
    HERE,
    MARK,
    ROOT,
    SMALL,
    Decompose,
    Main,
    Start,
    command,
    members,
    rows,
)
from tests.models import tiny_onnx


@pytest.fixture(scope="module")
def whole(film: Path, decompose: Decompose, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An unbroken run over the film folder."""
    output = tmp_path_factory.mktemp("whole") / "out"
    assert decompose(film, output) == 0
    return output


STAGES = ["character", "camera", "layers", "track", "background", "encode", "quality"]


def test_layers_of_a_film_and_of_frames(whole: Path) -> None:
    out = Output(str(whole))
    assert (
        len(out) == 2 * FRAMES + 2
        and out.errors.num_rows == 0
        and out.layers == ["character", "mask", "background", "plate", "instances"]
    )
    table = out.table.to_pandas()
    film = table[table.source == "episode_001.mkv"].sort_values("frame_index")
    assert list(film.frame_index) == list(range(2 * FRAMES))
    assert list(film.scene_id) == ["scene0000"] * FRAMES + ["scene0001"] * FRAMES, (
        "a clip never crosses a cut"
    )
    assert np.allclose(film.timestamp_s, np.arange(2 * FRAMES) / 24, atol=0.002)
    assert table.groupby("clip_id").scene_id.nunique().max() == 1 and table.clip_id.nunique() > 4
    frames = table[table.source.str.startswith("episode_002/")]
    assert set(frames.frame_id) == {"episode_002/scene0000_frame000000", "episode_002/scene0000_frame000001"}
    assert (table.recompose_psnr > 38).all(), "small pictures cost JPEG more"
    row = table.iloc[0]
    assert np.isclose(row.background_seen + row.background_borrowed + row.background_invented, 1, atol=1e-6)
    assert film.drawing_of.notna().mean() > 0.3 and frames.drawing_of.isna().all(), "drawings on twos"
    assert len(list((whole / "exposure").glob("episode_001*.xdts"))) == 2
    assert (
        len(list((whole / "plates").glob("episode_001*.jpg"))) == len(list((whole / "plates").iterdir())) == 2
    )
    assert len(pq.read_table(whole / "plates.parquet")) == film.plate_file.notna().sum()
    layers = out.frame(row.frame_id)
    assert (
        layers["character"].shape == (108, 192, 4)
        and layers["background"].shape == (108, 192, 3)
        and layers["mask"].shape == (108, 192)
    )


def test_the_table_opens_with_any_parquet_reader(whole: Path) -> None:
    for path in (whole / "metadata").glob("*.parquet"):
        assert not any(str(field.type).startswith("extension") for field in pq.read_schema(path))


def test_the_report_shows_layers_stages_and_shots(whole: Path) -> None:
    page = (whole / "report" / "index.html").read_text()
    table = Output(str(whole)).table
    doubted = sum(
        bool(flags) and of is None
        for flags, of in zip(table["flags"].to_pylist(), table["drawing_of"].to_pylist(), strict=True)
    )
    assert page.count("<figure>") == 24 + doubted and 0 < doubted < 12 and "To look at first" in page
    assert page.count('src="../plates/') == 2 and "scene0001" in page and "character" in page
    for shot in saved(table):
        assert f'<td class="n">{shot.drawings}</td><td class="n">{100 * shot.share:.0f}</td>' in page
    assert len(list((whole / "report" / "pictures").glob("*.jpg"))) == 24 + doubted
    facts = json.loads((whole / "report" / "summary.json").read_text())
    assert facts["frames_done"] == 2 * FRAMES + 2 and facts["spilled"] == 0
    assert list(facts["stages"]) == ["decode", *STAGES] and all(facts["stages"].values())


def test_what_the_output_says_of_itself(film: Path, decompose: Decompose, tmp_path: Path) -> None:
    """With the package's own net, over the first frames of the film."""
    output = tmp_path / "out"
    words = ["model/matte=auto", "stages.character.step.matte.weights=layernet", "source.limit=4"]
    assert (
        decompose(
            film, output, *words, "stages.layers.step.net={_target_:animelayers.models.layernet.LayerNet}"
        )
        == 0
    )
    table = Output(str(output)).table.to_pandas()
    assert (table.matte_model == "layernet").all() and 0.1 < table.character_coverage.mean() < 0.3
    facts = json.loads((output / "dataset.json").read_text())
    assert [model["name"] for model in facts["models"]] == ["layernet"] and facts["models"][0]["license"]
    assert facts["config"]["stages"]["character"]["workers"] == "${placement.workers}", "kept unresolved"
    assert set(facts["fingerprints"]) == {"source", *STAGES}
    kind = "bf16" if bf16_pays() else "fp32"
    assert facts["computed"] == {"character": [f"{kind}@cpu"], "layers": [f"{kind}@cpu"]}, "what was decided"
    card = (output / "README.md").read_text()
    assert f"Computed in: character {kind} on cpu; layers {kind} on cpu." in card
    assert (
        decompose(
            film, output, *words, "stages.layers.step.net={_target_:animelayers.models.layernet.LayerNet}"
        )
        == 0
    )
    assert json.loads((output / "dataset.json").read_text())["computed"] == facts["computed"], (
        "nothing to do forgets nothing"
    )
    assert "4 frames" in card and "| matte | [layernet](" in card and facts["models"][0]["digest"] in card


def test_gathered_commits_hold_the_same_layers(
    whole: Path, film: Path, decompose: Decompose, tmp_path: Path
) -> None:
    """And a run that goes on with commits of another size does nothing twice."""
    output = tmp_path / "out"
    gathered = ["cluster=inline", "cluster.processes=0", "sink.commit_bytes=1000000"]
    assert decompose(film, output, *gathered) == 0
    assert len(list((output / "shards").iterdir())) < len(list((whole / "shards").iterdir()))
    said = [
        Output(str(path)).table.select(["frame_id", "drawing_of", "character_xxh3", "background_xxh3"])
        for path in (whole, output)
    ]
    assert said[0].equals(said[1])
    before = {path: path.stat().st_mtime_ns for path in (output / "shards").iterdir()}
    assert decompose(film, output) == 0
    assert {path: path.stat().st_mtime_ns for path in (output / "shards").iterdir()} == before


def test_nothing_is_done_twice_and_ray_is_not_started_for_it(whole: Path, film: Path, net: str) -> None:
    before = {path: path.stat().st_mtime_ns for path in whole.rglob("*") if path.is_file()}
    words = [*SMALL, net, f"source.path={film}", f"output={whole}"]
    code = (
        f"import sys; sys.argv[1:] = {words!r}\n"
        f"import runpy, ray\nray.init = lambda *a, **k: sys.exit('Ray was started')\n"
        f"runpy.run_path({str(ROOT / 'jobs' / 'decompose.py')!r}, run_name='__main__')"
    )
    done = subprocess.run(
        [*command("decompose")[:1], "-c", code], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    assert (
        f"{2 * FRAMES + 2} of {2 * FRAMES + 2} frames were there already" in done.stderr
        and "nothing to do" in done.stderr
    )
    after = {path: path.stat().st_mtime_ns for path in whole.rglob("*") if path.is_file()}
    assert {path for path in after if after[path] != before.get(path)} <= {
        whole / "dataset.json",
        whole / "plan.parquet",
    }


ON_RAY = pytest.param("cluster.small=0", marks=pytest.mark.cluster, id="ray")
WAYS = pytest.mark.parametrize("way", [ON_RAY, pytest.param("cluster=inline", id="inline")])


@WAYS
def test_kill_the_driver_and_run_again(
    way: str, whole: Path, film: Path, net: str, decompose: Decompose, start: Start, tmp_path: Path
) -> None:
    output = tmp_path / "out"
    job = start(
        "decompose", *SMALL, net, way, "placement.workers=1", f"source.path={film}", f"output={output}"
    )
    _wait(lambda: len(list((output / "metadata").glob("*.parquet"))) >= 1, job)
    job.kill()
    job.wait()
    _end_of(job)
    committed = set(Output(str(output)))
    assert 0 < len(committed) < 2 * FRAMES + 2, "in the middle"
    assert decompose(film, output) == 0
    assert rows(output) == rows(whole), "the same frames, none lost, none twice"
    assert members(output) == members(whole), "byte for byte"


@WAYS
def test_kill_a_worker_in_the_middle(
    way: str, whole: Path, film: Path, net: str, start: Start, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    output = tmp_path / "out"
    # as a Ray before leaves it in a shell or a notebook: no reason to have no token of its own
    monkeypatch.setenv("RAY_AUTH_MODE", "token")
    monkeypatch.delenv("RAY_AUTH_TOKEN", raising=False)
    job = start("decompose", *SMALL, net, way, f"source.path={film}", f"output={output}")
    victims: list[psutil.Process] = []

    def inside() -> bool:
        victims[:] = [
            p
            for p in psutil.process_iter()
            if _started_by(p, job)
            and any(name in " ".join(p.cmdline()) for name in ("MapWorker", "animelayers.engine.crew"))
        ]
        return bool(victims) and any((output / "attempts").glob("*"))

    _wait(inside, job)
    _listens_to_nobody(job, way)
    victims[0].kill()
    said, _ = job.communicate(timeout=500)
    assert job.returncode == 0, said
    assert rows(output) == rows(whole) and members(output) == members(whole)


@pytest.mark.parametrize(
    ("sent", "code", "way"),
    [
        (signal.SIGINT, 130, "cluster=inline"),
        pytest.param(signal.SIGTERM, 143, "cluster.small=0", marks=pytest.mark.cluster),
    ],
)
def test_an_interrupted_run_lets_go_of_the_output(
    sent: signal.Signals, code: int, way: str, film: Path, net: str, start: Start, tmp_path: Path
) -> None:
    output = tmp_path / "out"
    job = start(
        "decompose", *SMALL, net, way, "placement.workers=1", f"source.path={film}", f"output={output}"
    )
    _wait(lambda: any((output / "attempts").glob("*")) if (output / "attempts").exists() else False, job)
    job.send_signal(sent)
    said, _ = job.communicate(timeout=200)
    assert (
        job.returncode == code and "run the same command again to go on" in said and "Traceback" not in said
    ), said
    assert not (output / "run.lock").exists()


def test_end_products_that_are_gone_and_layers_that_are_lost_are_made_again(
    whole: Path, film: Path, decompose: Decompose, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A kill behind the last commit, a disk that lost a shard, one that turned a bit over, and a lost
    dataset.json and plan.
    """
    output = tmp_path / "out"
    shutil.copytree(whole, output)
    for name in ("tracks.parquet", "README.md", "dataset.json"):
        (output / name).unlink(missing_ok=True)
    for name in ("report", "exposure"):
        shutil.rmtree(output / name)
    (output / "plan.parquet").write_bytes(b"PAR1 not really")
    assert decompose(film, output) == 0
    assert {path.relative_to(whole) for path in whole.rglob("*") if path.is_file()} == {
        path.relative_to(output) for path in output.rglob("*") if path.is_file()
    }
    first, second = sorted((output / "shards").iterdir())[:2]
    first.unlink()
    assert decompose(film, output) == 0
    assert "clips were made again, their files were gone or cut short" in capsys.readouterr().err
    assert members(output) == members(whole) and rows(output) == rows(whole)
    data = bytearray(second.read_bytes())
    data[len(data) // 2] ^= 1
    second.write_bytes(data)
    with pytest.raises(SinkError, match=r"damaged: .*mend=true"):
        decompose(film, output, "verify=true")
    assert decompose(film, output, "verify=true", "mend=true") == 0
    assert members(output) == members(whole) and rows(output) == rows(whole)


def test_inputs_that_are_gone_are_told_and_left_out_on_request(
    film: Path, decompose: Decompose, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, output = tmp_path / "in", tmp_path / "out"
    shutil.copytree(film / "episode_002", folder)
    assert decompose(folder, output) == 0
    first, second = sorted(folder.glob("*.png"))
    first.rename(folder / "renamed.png")
    capsys.readouterr()
    assert decompose(folder, output) == 0
    assert (
        f"1 inputs are gone whose layers are here: {first.name} (now renamed.png)" in capsys.readouterr().err
    )
    assert set(Output(str(output)).table["source"].to_pylist()) == {first.name, second.name, "renamed.png"}
    assert decompose(folder, output, "drop_removed=true") == 0
    assert set(Output(str(output)).table["source"].to_pylist()) == {second.name, "renamed.png"}


def test_the_card_names_what_really_ran(film: Path, decompose: Decompose, tmp_path: Path) -> None:
    """A file of one's own under the name of a pinned net: its own digest, whatever its path, and another
    content is another net.
    """
    output, net, moved = tmp_path / "out", tmp_path / "net.onnx", tmp_path / "elsewhere" / "other.onnx"
    moved.parent.mkdir()
    tiny_onnx.write(net, (1, 1, 1), 0, ("n", 3, "h", "w"))
    words = ["stages.character.step.matte.name=u2netp", "source.limit=1"]
    assert decompose(film / "episode_002", output, *words, f"stages.character.step.matte.weights={net}") == 0
    digest = hashlib.sha256(net.read_bytes()).hexdigest()
    (model,) = json.loads((output / "dataset.json").read_text())["models"]
    assert (
        model["name"] == "net.onnx"
        and model["digest"] == f"sha256:{digest}"
        and not model["pinned"]
        and model["license"] == "unknown"
    )
    assert "u2netp" not in (output / "README.md").read_text()
    net.rename(moved)
    assert (
        decompose(film / "episode_002", output, *words, f"stages.character.step.matte.weights={moved}") == 0
    )
    tiny_onnx.write(moved, (1, 2, 1), 0, ("n", 3, "h", "w"))
    with pytest.raises(Changed, match="stage character"):
        decompose(film / "episode_002", output, *words, f"stages.character.step.matte.weights={moved}")


@pytest.mark.parametrize("way", ["here", "processes", "ray", "apart"])
def test_no_clip_has_the_pixels_of_another(way: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """Each picture is of a colour of its own, which its layers must show under its name, whatever shared its
    batch, process or shard.
    """
    colours = [(r, g, b) for r in (10, 50, 90) for g in (10, 50, 90) for b in (10, 90)]
    (tmp_path / "in").mkdir()
    for number, colour in enumerate(colours):
        Image.new("RGB", (64 + 2 * (number % 3), 48), colour).save(tmp_path / "in" / f"p{number:02d}.png")
    net = tiny_onnx.write(tmp_path / "net.onnx", (1, 1, 1), 0, ("n", 3, "h", "w"))
    if way in ("ray", "apart"):
        request.getfixturevalue("ray_here")
    stages = [
        f"stages.{stage}.{what}"
        for stage in ("camera", "track", "background", "encode", "quality")
        for what in ("cpus=0.2", "workers=1")
    ]
    placed = {
        "here": ("preset=demo", "placement.cpus=0.5", "placement.readers=1", *HERE),
        "processes": ("preset=laptop", "placement.cpus=0.5", "placement.readers=1",
            "cluster=inline", "cluster.processes=2", "placement.clips_per_batch=3"),
        "ray": ("preset=laptop", "placement.cpus=0.5", "placement.readers=1", "placement.workers=[2,2]"),
        # the layout of many machines and of a GPU, an actor for each net and pixels between all of them,
        # without the GPU
        "apart": (
            "preset=cluster", "device=cpu", "placement.gpus=0", "stages.character.gpus=0", "stages.layers.gpus=0", "placement.cpus=0.2",
            "placement.readers=1", "placement.task_cpus=0.2", "placement.workers=1", "stages.layers.step.net=null", *stages,
        ),
    }[way]  # fmt: skip
    words = [*placed, "source.row_bytes=200000", f"source.path={tmp_path / 'in'}"]
    words += [
        f"output={tmp_path / 'out'}",
        "model/matte=u2netp",
        f"stages.character.step.matte.weights={net}",
    ]
    body = runpy.run_path(str(ROOT / "jobs" / "decompose.py"))["decompose"]
    assert body(job.compose("decompose", words)) == 0
    output = Output(str(tmp_path / "out"))
    assert len(output) == len(colours)
    for frame in output:
        number = int(output.row(frame)["source"][1:3])
        mean = output.layer(frame, "background").reshape(-1, 3).mean(0)
        assert np.abs(mean - colours[number]).max() < 6, (frame, mean, colours[number])
        assert output.layer(frame, "background").shape[1] == 64 + 2 * (number % 3)


def test_a_test_run_of_five_frames_grows_into_the_whole(
    whole: Path, film: Path, decompose: Decompose, tmp_path: Path
) -> None:
    output = tmp_path / "out"
    assert decompose(film, output, "source.limit=5") == 0
    assert len(Output(str(output))) == 5
    assert decompose(film, output) == 0
    assert rows(output) == rows(whole)


def test_plain_folders(film: Path, decompose: Decompose, tmp_path: Path) -> None:
    output = tmp_path / "layers"
    assert decompose(film / "episode_002", output, "sink=tree") == 0
    results = json.loads((output / "segmentation_results.json").read_text())
    assert results["total_frames"] == 2 and results["config"]["inpaint_method"] == "telea"
    for frame in results["processed_frames"]:
        for kind, folder in {"character": "character", "background": "background", "mask": "masks"}.items():
            assert (output / folder / frame["outputs"][kind]).is_file()
    assert (output / "character" / "scene0000_frame000000_t0.00s_character.png").is_file()


def test_a_stage_left_out(film: Path, decompose: Decompose, tmp_path: Path) -> None:
    assert decompose(film / "episode_002", tmp_path / "out", "~stages.background") == 0
    assert {*Output(str(tmp_path / "out")).layers} - {"instances"} == {"character", "mask"}


def test_another_configuration_never_mixes(whole: Path, film: Path, net: str, main: Main) -> None:
    before = {path: path.stat().st_mtime_ns for path in whole.rglob("*") if path.is_file()}
    words = [*SMALL, net, f"source.path={film}", f"output={whole}", "stages.background.step.dilate=31"]
    code, said = main("decompose", *words)
    assert code == 2 and "stage background: dilate was 2, is 31" in said and "Traceback" not in said
    assert {path: path.stat().st_mtime_ns for path in whole.rglob("*") if path.is_file()} == before


def test_changed_input_is_named_and_made_again_on_request(
    film: Path, decompose: Decompose, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, output = tmp_path / "in", tmp_path / "out"
    shutil.copytree(film / "episode_002", folder)
    assert decompose(folder, output) == 0
    first = min(folder.glob("*.png"))
    cv2.imwrite(str(first), cv2.imread(str(first))[:, ::-1])
    before = members(output)
    assert decompose(folder, output) == 0
    assert "1 inputs changed" in capsys.readouterr().err and members(output) == before
    assert decompose(folder, output, "redo_changed=true") == 0
    after = members(output)
    assert after.keys() == before.keys() and sum(after[k] != before[k] for k in after) >= 1


def test_inputs_are_known_by_what_they_hold_on_request(
    film: Path, decompose: Decompose, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Other content of the same size and time is seen only by reading it; the same content of another time is
    no change.
    """
    folder, output = tmp_path / "in", tmp_path / "out"
    shutil.copytree(film / "episode_002", folder)
    assert decompose(folder, output) == 0
    first, second = sorted(folder.glob("*.png"))
    times = first.stat()
    data = bytearray(first.read_bytes())
    data[-1] ^= 1  # of the checksum of the last chunk
    first.write_bytes(data)
    os.utime(first, ns=(times.st_atime_ns, times.st_mtime_ns))
    os.utime(second, ns=(1, 1))
    capsys.readouterr()
    assert decompose(folder, output) == 0
    assert f"1 inputs changed since their layers were made: {second.name}" in capsys.readouterr().err
    before = members(output)
    assert decompose(folder, output, "verify=hash") == 0
    assert f"1 inputs changed since their layers were made: {first.name}" in capsys.readouterr().err
    assert decompose(folder, output, "verify=hash", "redo_changed=true") == 0
    assert members(output) == before and decompose(folder, output, "verify=hash") == 0
    assert "changed" not in capsys.readouterr().err.rpartition("layers")[2]
    with pytest.raises(job.ConfigError, match=r"verify=hahs: it is true"):
        decompose(folder, output, "verify=hahs")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["stages.backgrund.cpus=1"], "did you mean 'stages.background'?"),
        (["+stages.background.step.dilat=3"], "Background has no option 'dilat'; did you mean 'dilate'?"),
        (["preset=latop"], "laptop"),
        (["~stages.encode"], "keep the encode stage"),
        (["placement.cpus=3", "cluster.cpus=2"], "need 3 CPUs and there are 2"),
        (["source.path=/no/such/folder"], "/no/such/folder"),
        (["stages.character.step._target_=os.system"], "os.system is refused"),
    ],
)
def test_a_configuration_that_cannot_run_ends_in_one_sentence(
    words: list[str], message: str, film: Path, main: Main, tmp_path: Path
) -> None:
    words = [f"source.path={film / 'episode_002'}", f"output={tmp_path / 'out'}", *words]
    code, said = main("decompose", *words)
    assert code == 2, said
    assert message in said and "Traceback" not in said
    assert not (tmp_path / "out" / "metadata").exists() or not list((tmp_path / "out" / "metadata").iterdir())


def test_help_reads_well(main: Main) -> None:
    code, text = main("decompose", "--help")
    assert code == 0 and "decompose FILM_OR_FOLDER OUT" in text
    code, text = main("decompose", "--help-all")
    assert code == 0 and "preset: auto, cluster, demo, laptop, one_gpu" in text


def test_the_notebook_opens_an_output(whole: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import nbformat
    from nbclient import NotebookClient

    monkeypatch.setenv("ANIMELAYERS_OUTPUT", str(whole))
    book = nbformat.read(ROOT / "notebooks" / "01_layers.ipynb", 4)
    assert any(cell.get("outputs") for cell in book.cells), "stored with its pictures"
    NotebookClient(book, timeout=300, resources={"metadata": {"path": str(ROOT / "notebooks")}}).execute()


def _wait(ready: object, job: subprocess.Popen[str], seconds: float = 400) -> None:
    end = time.monotonic() + seconds
    while not ready():  # type: ignore[operator]
        assert job.poll() is None, job.communicate()[0]
        assert time.monotonic() < end
        time.sleep(0.05)


def _listens_to_nobody(job: subprocess.Popen[str], way: str) -> None:
    """Without Ray no process of a run listens; Ray's own do, on all addresses, and refuse whoever has not the
    run's token.
    """
    for process in psutil.process_iter():
        if not _started_by(process, job):
            continue
        with contextlib.suppress(psutil.Error):
            open_to = [c.laddr for c in process.net_connections("inet") if c.status == psutil.CONN_LISTEN]
            known = process.environ()
            # the driver makes the token while it runs: of it the kernel tells the environment that it began
            # with
            closed = process.pid == job.pid or (
                known.get("RAY_AUTH_MODE") == "token" and len(known.get("RAY_AUTH_TOKEN", "")) == 64
            )
            assert not open_to or (way == "cluster.small=0" and closed), (open_to, process.cmdline())
            line = " ".join(process.cmdline())
            assert "dashboard/dashboard.py" not in line or "frontend" in line, (
                "of Ray's dashboard only the part without a page"
            )


def _started_by(process: psutil.Process, job: subprocess.Popen[str]) -> bool:
    """Whether the job or anything it started started a process; Ray's daemons leave the process tree, the
    environment stays.
    """
    try:
        return process.environ().get(MARK) == job.mark  # type: ignore[attr-defined]
    except psutil.Error:
        return False


def _end_of(job: subprocess.Popen[str]) -> None:
    """Wait until what the killed driver started has noticed and ended."""
    end = time.monotonic() + 60
    while time.monotonic() < end and any(_started_by(p, job) for p in psutil.process_iter()):
        time.sleep(0.2)
