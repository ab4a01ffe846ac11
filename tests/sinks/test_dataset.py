import json

import pyarrow as pa
import pytest

from animelayers.sinks import Changed, Shards, SinkError
from tests.sinks.clips import clip

STAGES = {
    "character": {"fingerprint": "a1", "config": {"matte": {"_target_": "U2Net", "size": 320}, "radius": 8}},
    "background": {"fingerprint": "b1", "config": {"dilate": 3}},
    "encode": {"fingerprint": "c1", "config": {}},
}


def test_description_is_kept(tmp_path):
    sink = Shards(str(tmp_path))
    assert sink.description() == {}
    with sink.open("run"):
        sink.describe({"config": {"token": "${oc.env:TOKEN}"}, "fingerprints": STAGES})
    assert sink.description() == {"format": 3, "config": {"token": "${oc.env:TOKEN}"}, "fingerprints": STAGES}
    (tmp_path / "dataset.json").write_text(json.dumps({"format": 99}))
    with pytest.raises(SinkError, match="update the package"):
        sink.description()
    (tmp_path / "dataset.json").write_text("{")
    with pytest.raises(SinkError, match=r"dataset\.json: unreadable"):
        sink.description()


def changed(**stages):
    return STAGES | {name: STAGES.get(name, {}) | change for name, change in stages.items()}


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (
            changed(background={"fingerprint": "b2", "config": {"dilate": 7}}, encode={"fingerprint": "c2"}),
            "stage background: dilate was 3, is 7",
        ),
        (
            changed(
                character={"fingerprint": "a2", "config": {"matte": {"_target_": "ModNet"}, "radius": 8}}
            ),
            'matte._target_ was "U2Net", is "ModNet"',
        ),
        (
            changed(character={"fingerprint": "a2", "config": {"matte": {"_target_": "U2Net"}, "radius": 8}}),
            "matte.size was 320, is not set",
        ),
        (changed(character={"fingerprint": "a2"}), "stage character: its code or its weights"),
        ({"character": STAGES["character"]}, "stage background was left out; stage encode was left out"),
        (changed(effects={"fingerprint": "e1", "config": {}}), "stage effects was added"),
    ],
)
def test_changed_stages_are_refused_by_name(tmp_path, now, said):
    sink = Shards(str(tmp_path))
    with sink.open("run"):
        sink.describe({"fingerprints": STAGES})
        sink.check(now)  # nothing is committed yet, so nothing can be mixed
        sink.write([clip("f/scene0000/000000", [0])], "run")
        sink.check(json.loads(json.dumps(STAGES)))
        with pytest.raises(Changed) as refused:
            sink.check(now)
    assert said in str(refused.value) and "give a new output" in str(refused.value)


def test_stages_that_only_follow_are_listed_last(tmp_path):
    sink = Shards(str(tmp_path))
    with sink.open("run"):
        sink.describe({"fingerprints": STAGES})
        sink.write([clip("f/scene0000/000000", [0])], "run")
        with pytest.raises(Changed, match=r"dilate was 3, is 7 \(and with it encode\)"):
            sink.check(
                changed(
                    background={"fingerprint": "b2", "config": {"dilate": 7}}, encode={"fingerprint": "c2"}
                )
            )


def test_plan_is_kept_beside_the_table(tmp_path):
    sink = Shards(str(tmp_path))
    assert sink.load_plan() is None
    plan = pa.table({"clip_id": ["e/scene0000/000000"], "indices": pa.array([[0, 1]], pa.list_(pa.int64()))})
    with sink.open("run"):
        sink.save_plan(plan)
        sink.write([clip("f/scene0000/000000", [0])], "run")
    assert sink.load_plan() == plan
    assert set(sink.committed()) == {"f/scene0000/000000"}, "the plan is not a commit"
