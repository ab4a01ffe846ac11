from __future__ import annotations

from animelayers import job


def names(config: str, *words: str) -> list[str]:
    return list(job.stages(job.compose(config, ["source.path=.", *words])))


def test_captions_come_after_what_they_speak_of_however_it_was_added() -> None:
    told = names(
        "annotate",
        "+stage@stages.questions=questions",
        "+stage@stages.embed_clip=embed_clip",
        "model/action=videomae",
    )
    assert told[-1] == "caption" and told.index("embed_clip") < told.index("questions")
    assert max(told.index("faces"), told.index("action")) < told.index("questions") and told.index(
        "pose"
    ) < told.index("faces")


def test_in_the_main_job_all_other_stages_keep_their_places() -> None:
    plain = names("decompose", "output=x")
    told = names(
        "decompose",
        "output=x",
        "model/pose=blazepose",
        "model/caption=template",
        "+stage@stages.metrics=metrics",
    )
    assert [name for name in told if name not in ("pose", "caption", "metrics")] == plain
    assert told.index("background") < told.index("pose") < told.index("metrics") < told.index("caption")
    assert names("decompose", "output=x", "start_stage=pose", "end_stage=pose", "model/pose=blazepose") == [
        "pose",
        "encode",
    ]
