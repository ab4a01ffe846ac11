import pyarrow as pa
from hypothesis import example, given
from hypothesis import strategies as st

from animelayers.sinks.names import homes

LETTERS = st.text(st.sampled_from("aAbß._- \n"), min_size=1, max_size=3)


def plan(*inputs):
    return pa.table(
        [pa.array(column, pa.string()) for column in zip(*inputs, strict=True)], ["source", "episode", "kind"]
    )


def where(*inputs):
    return {
        source: home.folder + home.name("id/scene0042/0", 2156, 847.251)
        for source, home in homes(plan(*inputs)).items()
    }


def test_one_film_has_the_root_to_itself():
    assert where(("film.mp4", "film", "video")) == {"film.mp4": "scene0042_frame002156_t847.25s"}


def test_frames_of_one_episode_keep_their_names():
    names = where(("scene0000_frame000001_t5.00s.jpg", "", "image"), ("x.png", "", "image"))
    assert list(names.values()) == ["scene0000_frame000001_t5.00s", "x"]


def test_episodes_have_folders():
    names = where(
        ("a/x.jpg", "a", "image"),
        ("b/x.jpg", "b", "image"),
        ("b/m.gif", "b", "animation"),
        ("film.mp4", "film", "video"),
    )
    seed = "scene0042_frame002156_t847.25s"
    assert list(names.values()) == ["a_layers/x", "b_layers/x", f"b_m_layers/{seed}", f"film_layers/{seed}"]


def test_names_that_would_collide_are_told_apart():
    names = where(
        ("a.jpg", "e", "image"), ("a.png", "e", "image"), ("A.png", "e", "image"), ("sub/b.png", "e", "image")
    )
    assert names["a.jpg"] == "a_jpg" and names["sub/b.png"] == "b"
    assert names["a.png"].startswith("a_png_") and names["A.png"].startswith("A_png_")


def test_unknown_time_is_left_out():
    (home,) = homes(plan(("film.mp4", "film", "video"))).values()
    assert home.name("id/scene0003/0", 7, float("nan")) == "scene0003_frame000007"


@given(
    st.lists(
        st.tuples(
            st.lists(LETTERS, min_size=1, max_size=2).map("/".join),
            LETTERS,
            st.sampled_from(["image", "video"]),
        ),
        min_size=1,
    )
)
@example([("_", "A", "image"), ("_.\n", "A", "image")])
def test_no_two_inputs_share_a_name_in_any_order(inputs):
    inputs = list({source: (source, episode, kind) for source, episode, kind in inputs}.values())
    names = where(*inputs)
    assert len({name.casefold() for name in names.values()}) == len(inputs)
    assert names == where(*reversed(inputs))
    assert not any("\n" in name or ".." in name.split("/") or name.startswith("/") for name in names.values())


def test_long_names_fit_a_file_system():
    (name,) = where(("é" * 120 + ".png", "e", "image")).values()
    assert len(f"{name}_background.jpg".encode()) <= 255
