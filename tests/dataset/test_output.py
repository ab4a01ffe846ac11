import base64
import io
import re

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from animelayers.dataset.output import Output
from animelayers.sinks import Shards, SinkError
from tests.sinks.clips import clip, pictures


@pytest.fixture
def written(tmp_path):
    row, layers = pictures("e/scene0001/000000", [0, 1, 0])
    with Shards(str(tmp_path)).open("run"):
        Shards(str(tmp_path)).write([row, clip("f/scene0000/000000", [], error="decode: <b>torn</b>")], "run")
    return tmp_path, layers


def test_layers_come_back(written):
    output = Output(str(written[0]))
    assert list(output) == [f"e/scene0001_frame{i:06d}" for i in range(3)]
    assert "e/scene0001_frame000002" in output and "e/scene0001_frame000003" not in output
    assert output.layers == ["character", "mask", "background"]
    assert output.table["error"].to_pylist() == [""] * 3
    assert output.errors["source"].to_pylist() == ["f.mp4"]
    for frame_id, drawing in zip(output, (0, 1, 0), strict=True):
        for name, expected in written[1][drawing].items():
            np.testing.assert_array_equal(output.frame(frame_id)[name], expected)
            np.testing.assert_array_equal(output.layer(frame_id, name), expected)
    with pytest.raises(KeyError, match="no frame 'e/x'"):
        output.frame("e/x")
    with pytest.raises(KeyError, match=r"no layer 'effect' .*character, mask, background"):
        output.layer("e/scene0001_frame000000", "effect")


def test_a_path_is_as_good_as_its_text(written):
    assert Output(written[0]).table.equals(Output(str(written[0])).table)
    assert Output(written[0]).path == str(written[0])


def test_notebooks_show_a_contact_sheet(written):
    output = Output(str(written[0]))
    assert (
        repr(output)
        == f"Output({str(written[0])!r}): 3 frames of 1 clips, 1 failed; character, mask, background"
    )
    page = output._repr_html_()
    assert page.count("<img") == 9 and page.count("<tr>") == 4
    shown = [Image.open(io.BytesIO(base64.b64decode(data))) for data in re.findall(r"base64,([^\"]+)", page)]
    assert {picture.size for picture in shown} == {(64, 48)} and {picture.mode for picture in shown} == {
        "RGB"
    }


def test_output_of_failures_only(tmp_path):
    with Shards(str(tmp_path)).open("run"):
        Shards(str(tmp_path)).write([clip("f/scene0000/000000", [], error="decode: torn")], "run")
    output = Output(str(tmp_path))
    assert (len(output), output.layers, output.errors.num_rows) == (0, [], 1)
    assert "0 frames" in output._repr_html_()


def test_folder_that_is_no_output(tmp_path):
    with pytest.raises(SinkError, match="no metadata"):
        len(Output(str(tmp_path)))


def rewritten(folder, change):
    (path,) = (folder / "metadata").iterdir()
    pq.write_table(change(pq.read_table(path)), path)


def test_foreign_extension_types_are_refused(written):
    field = pa.field(
        "tensor",
        pa.list_(pa.field("item", pa.int64(), metadata={"ARROW:extension:name": "ray.data.arrow_tensor"})),
    )
    rewritten(written[0], lambda table: table.append_column(field, pa.array([[1]] * len(table), field.type)))
    with pytest.raises(SinkError, match="not plain Arrow types"):
        len(Output(str(written[0])))


def test_foreign_number_types_become_the_records_own(written):
    rewritten(
        written[0],
        lambda table: table.set_column(
            table.schema.get_field_index("width"), "width", table["width"].cast(pa.int16())
        ),
    )
    assert Output(str(written[0])).table.schema.field("width").type == pa.int64()


def test_paths_outside_the_output_are_refused(written):
    (written[0].parent / "secret.tar").write_bytes(b"x" * 100_000)
    rewritten(
        written[0], lambda table: table.set_column(2, "shard", pa.array(["../../secret.tar"] * len(table)))
    )
    with pytest.raises(SinkError, match="points outside"):
        Output(str(written[0])).frame("e/scene0001_frame000000")


def test_shard_cut_short_is_named(written):
    (tar,) = (written[0] / "shards").iterdir()
    tar.write_bytes(tar.read_bytes()[:600])
    with pytest.raises(SinkError, match=r"\.tar: ends inside character of e/scene0001_frame000000"):
        Output(str(written[0])).frame("e/scene0001_frame000000")
