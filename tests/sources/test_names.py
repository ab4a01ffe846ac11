"""Ids from paths: one slug per path, ASCII, stable; paths as text and back."""

from __future__ import annotations

import math
import re
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from animelayers.sources.names import LONGEST, as_path, as_text, clip_id, natural, numbered, slug

names = st.binary(min_size=1, max_size=80).filter(lambda name: b"/" not in name and b"\0" not in name)
plain = st.from_regex(rb"[a-z0-9_.-]{1,12}", fullmatch=True)
paths = st.lists(names | plain, min_size=1, max_size=4).map(b"/".join)


@given(st.lists(paths, unique=True, min_size=2, max_size=20), names)
def test_every_path_has_a_slug_of_its_own(several: list[bytes], root: bytes) -> None:
    slugs = [slug(b"", root), *(slug(path, root) for path in several)]
    assert len(set(slugs)) == len(slugs)
    assert all(
        re.fullmatch(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?", name) and len(name) <= LONGEST for name in slugs
    )


def test_readable_where_it_can_be_read_back() -> None:
    assert slug(b"episode_001") == "episode_001"
    assert slug(b"show/episode_001.mp4") == "show-episode_001--mp4"
    assert re.fullmatch(r"episode_001_mp4-[0-9a-f]{10}", slug(b"Episode_001.MP4"))
    assert re.fullmatch(r"cafe_noir_png-[0-9a-f]{10}", slug("Café noir.png".encode()))
    assert re.fullmatch(r"x-[0-9a-f]{10}", slug("絵".encode()))


def test_lookalikes_are_kept_apart() -> None:
    hashed = slug(b"A.jpg")
    same = [
        b"a.jpg",
        b"A.jpg",
        b"a_jpg",
        b"a/jpg",
        b"a--jpg",
        b"a-jpg",
        b"sub/a.jpg",
        b"sub-a.jpg",
        hashed.encode(),
    ]
    assert len({slug(path) for path in same}) == len(same)
    assert slug(b"", b"show") == "show" != slug(b"show", b"show")


@given(paths)
def test_paths_survive_as_text(path: bytes) -> None:
    text = as_text(path)
    text.encode("utf-8")
    assert as_path(text) == path


def test_text_is_the_path_where_it_can_be() -> None:
    for path in ("a b.png", "絵コンテ.png", "back\\slash.png", "new\nline.png", "-rf.png"):
        assert as_text(path.encode()) == path
    assert as_text(b"latin\xe9.png") == "latin\\xe9.png" != as_text(b"latin\\xe9.png")


def test_numbers_in_the_name_of_a_frame() -> None:
    assert numbered(b"scene0042_frame002156_t847.25s.jpg") == (42, 2156, 847.25)
    found = numbered(b"scene0000_frame1234567.png")
    assert found is not None and found[:2] == (0, 1234567) and math.isnan(found.seconds)
    for other in (
        b"scene042_frame002156.jpg",
        b"xscene0042_frame002156.jpg",
        b"scene0042_frame002156_t1s.jpg",
        b"a.jpg",
    ):
        assert numbered(other) is None


@given(st.lists(names, max_size=12))
def test_natural_order_is_total(several: list[bytes]) -> None:
    assert all(natural(a) <= natural(b) for a, b in pairwise(sorted(several, key=natural)))


def test_natural_order() -> None:
    assert sorted([b"f10.png", b"F2.png", b"f1.png"], key=natural) == [b"f1.png", b"F2.png", b"f10.png"]
    assert clip_id("film", 3, 120) == "film/scene0003/000120"
