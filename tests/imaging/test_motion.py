"""Cameras of drawn shots whose moves are known."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from animelayers.imaging.motion import canvas, from_plate, outline, placed, register, to_plate

SIZE = (480, 270)


def sheet(seed: int = 0, size: tuple[int, int] = (1500, 700)) -> np.ndarray:
    """A painted place: soft colour, and hard-edged shapes of all sizes."""
    rng = np.random.default_rng(seed)
    place = (
        cv2.resize(rng.uniform(60, 220, (9, 16, 3)).astype(np.float32), size, interpolation=cv2.INTER_CUBIC)
        .clip(0, 255)
        .astype(np.uint8)
    )
    for _ in range(500):
        x, y, r = (int(v) for v in rng.uniform((0, 0, 3), (*size, 35)))
        corners = (rng.normal(0, r, (4, 2)) + np.array([x, y])).astype(np.int32)
        cv2.fillPoly(place, [corners], [int(v) for v in rng.uniform(30, 240, 3)], cv2.LINE_AA)
    return cv2.GaussianBlur(place, (0, 0), 0.8)


def shoot(
    cameras: list[np.ndarray], noise: float = 0, seed: int = 0
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Frames of the sheet, a striped figure that walks in front of it, and the figure's masks."""
    rng, place = np.random.default_rng(1), sheet(seed)
    frames, masks = [], []
    for t, camera in enumerate(cameras):
        frame = cv2.warpPerspective(place, camera, SIZE, flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP)
        mask = np.zeros(SIZE[::-1], np.uint8)
        cv2.ellipse(mask, (120 + 7 * t, 160), (35, 90), 0, 0, 360, 255, -1)
        stripes = np.where(np.arange(SIZE[1])[:, None] // 9 % 2, 20, 235)
        frame = np.where(mask[..., None] > 0, stripes[..., None], frame) + rng.normal(0, noise, frame.shape)
        frames.append(np.clip(frame, 0, 255).astype(np.uint8))
        masks.append(mask)
    return frames, masks


def shifts(*places: tuple[float, float]) -> list[np.ndarray]:
    return [np.array([[1, 0, x], [0, 1, y], [0, 0, 1.0]]) for x, y in places]


def scaled(factor: float, x: float, y: float, turn: float = 0) -> np.ndarray:
    c, s = factor * np.cos(turn), factor * np.sin(turn)
    return np.array([[c, -s, x], [s, c, y], [0, 0, 1]])


PAN = shifts(*((200 + 22.3 * t, 200) for t in range(8)))
DIAGONAL = shifts(*((200 + 9.4 * t, 100 + 5.7 * t) for t in range(8)))
TILT = shifts(*((200, 60 + 17.3 * t) for t in range(8)))
SHAKE = shifts(
    *((300 + x, 200 + y) for x, y in ((0, 0), (9, -4), (-8, 5), (7, 7), (-9, -6), (3, 8), (0, -7), (-5, 3)))
)
ZOOM = [scaled(1.3 - 0.04 * t, 200 + 5 * t, 150 + 3 * t) for t in range(8)]
TURN = [scaled(1, 300, 200, 0.01 * t) for t in range(8)]


def turned(step: float, wide: float = 0.7, number: int = 8) -> list[np.ndarray]:
    """A camera on a tripod that pans by `step` radians a frame and nods a little, its lens `wide` frame
    widths long.
    """
    lens = np.diag([wide * SIZE[0], wide * SIZE[0], 1])
    inside, onto = lens.copy(), lens.copy()
    inside[:2, 2], onto[:2, 2] = ((SIZE[0] - 1) / 2, (SIZE[1] - 1) / 2), (750, 350)
    return [
        onto @ cv2.Rodrigues(np.array([0.005 * t, step * (t - number / 2), 0]))[0] @ np.linalg.inv(inside)
        for t in range(number)
    ]


WIDE = turned(0.03)


def error(found: np.ndarray, true: list[np.ndarray]) -> np.ndarray:
    """Distances in pixels between where frames' corners lie and where they should, both seen from the first
    frame.
    """
    one, other = (np.stack([np.linalg.inv(c[0]) @ h for h in c]) for c in (found, true))
    distance: np.ndarray = np.linalg.norm(outline(one, SIZE) - outline(other, SIZE), axis=2)
    return distance


@pytest.mark.parametrize("noise", [0, 5])
@pytest.mark.parametrize(
    ("true", "kind"),
    [(PAN, "pan"), (DIAGONAL, "pan"), (TILT, "tilt"), (SHAKE, "shake"), (ZOOM, "zoom"), (TURN, "rotate")],
    ids=["pan", "diagonal", "tilt", "shake", "zoom", "turn"],
)
def test_moves_are_found_to_a_fraction_of_a_pixel(true: list[np.ndarray], kind: str, noise: float) -> None:
    frames, masks = shoot(true, noise)
    camera = register(frames, masks)
    assert camera.kind == kind and camera.ok.all()
    assert error(camera.homographies, true).mean() < 0.15
    low, far = outline(camera.homographies, SIZE).min((0, 1)), canvas(camera.homographies, SIZE)
    assert (low >= -0.02).all() and (low < 1).all()
    assert far[0] >= SIZE[0] and far[1] >= SIZE[1] and camera.homographies.dtype == np.float64


@pytest.mark.parametrize("wide", [0.6, 1.0])
def test_a_pan_of_a_wide_lens_lies_on_the_plane_of_its_middle(wide: float) -> None:
    true = turned(0.03, wide)
    frames, masks = shoot(true, 2)
    camera = register(frames, masks)
    assert camera.kind == "pan" and camera.ok.all()
    assert error(camera.homographies, true).max() < 0.5
    sizes = np.linalg.det(camera.homographies[:, :2, :2])
    assert abs(int(np.argmin(np.abs(camera.homographies[:, 2, :2]).sum(1))) - 4) <= 1 and sizes.min() > 0.7


def test_a_flash_and_the_context_of_a_wide_pan() -> None:
    frames, masks = shoot(WIDE)
    frames[2] = np.full_like(frames[2], 255)
    order = [0, 1, 2, 3, 4, 6, 5, 7]
    camera = register([frames[n] for n in order], [masks[n] for n in order], successive=5)
    assert camera.ok.tolist() == [True, True, False, *[True] * 5]
    assert error(camera.homographies, [WIDE[n] for n in order]).max() < 1


def test_a_pan_that_a_shift_explains_is_not_bent() -> None:
    frames, masks = shoot(PAN, 20)
    assert np.array_equal(register(frames, masks).homographies[:, 2], np.tile([0.0, 0, 1], (8, 1)))


@pytest.mark.parametrize("planes", [3, 5, 9])
@pytest.mark.parametrize("speed", [6, 20])
def test_eight_parameters_do_not_bend_planes_in_depth_into_one(planes: int, speed: float) -> None:
    place = sheet(1)
    ends = np.linspace(0, SIZE[1], planes + 1).astype(int)
    frames = []
    for t in range(8):
        shot = [shifts((200 + t * speed * (k + 1) / planes, 100))[0] for k in range(planes)]
        whole = [
            cv2.warpPerspective(place, camera, SIZE, flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP)
            for camera in shot
        ]
        frames.append(np.concatenate([w[a:b] for w, a, b in zip(whole, ends, ends[1:], strict=False)]))
    assert register(frames, [np.zeros(SIZE[::-1], np.uint8)] * 8).kind == "unknown"


def test_a_figure_nobody_masked_does_not_pull() -> None:
    frames, _ = shoot(PAN)
    camera = register(frames)
    assert camera.kind == "pan" and error(camera.homographies, PAN).mean() < 0.2


def test_a_still_shot_is_identity_exactly_whatever_jitters_less_than_a_third_of_a_pixel() -> None:
    rng = np.random.default_rng(3)
    frames, masks = shoot(shifts(*((200 + x, 100 + y) for x, y in rng.uniform(-0.12, 0.12, (6, 2)))), noise=4)
    for given in (masks, None):
        camera = register(frames, given)
        assert camera.kind == "still" and np.array_equal(camera.homographies, np.tile(np.eye(3), (6, 1, 1)))
        assert canvas(camera.homographies, SIZE) == SIZE


def test_a_fade_and_a_flash_do_not_move_the_camera() -> None:
    frames, masks = shoot(shifts(*[(200, 100)] * 6))
    frames = [(f * light).astype(np.uint8) for f, light in zip(frames, (0, 0.3, 0.6, 1, 1, 1), strict=True)]
    frames[4] = np.full_like(frames[4], 255)
    camera = register(frames, masks)
    assert camera.kind == "still" and camera.ok.tolist() == [False, True, True, True, False, True]


def sparse(seed: int = 5) -> np.ndarray:
    """A place that is flat but for a few hard-edged shapes."""
    rng, place = np.random.default_rng(seed), np.full((700, 1500, 3), (180, 200, 210), np.uint8)
    for x, y in rng.uniform((0, 0), (1500, 350), (60, 2)).astype(int).tolist():
        cv2.rectangle(place, (x, y), (x + 18, y + 40), (90, 120, 80), -1)
    return cv2.GaussianBlur(place, (0, 0), 0.8)


def test_grain_on_a_flat_place_says_nothing_against_a_pan() -> None:
    rng, place = np.random.default_rng(2), sparse()
    frames = [cv2.warpPerspective(place, h, SIZE, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP) for h in PAN]
    grainy = [
        np.clip(f + cv2.GaussianBlur(rng.normal(0, 30, f.shape[:2]), (0, 0), 1)[..., None], 0, 255)
        for f in frames
    ]
    camera = register([f.astype(np.uint8) for f in grainy])
    assert camera.kind == "pan" and error(camera.homographies, PAN).mean() < 0.3


def test_who_stays_on_the_screen_does_not_make_a_camera_stand() -> None:
    faint, (width, height) = 180 + 0.3 * (sparse().astype(np.float32) - 180), SIZE
    y, x = np.mgrid[:height, :width] / np.array([height, width])[:, None, None] - 0.5
    shade = (1 - 0.5 * (x * x + y * y))[..., None]
    stripes = np.where(np.arange(height)[:, None] // 9 % 2, 20, 235)[..., None]
    mask = cv2.ellipse(np.zeros((height, width), np.uint8), (240, 200), (45, 90), 0, 0, 360, 255, -1)
    frames = []
    for seat in shifts(*((300, 40 + 3 * t) for t in range(12))):
        frame = cv2.warpPerspective(faint, seat, SIZE, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP) * shade
        frames.append(np.where(mask[..., None] > 0, stripes, frame).astype(np.uint8))
    assert register(frames, [mask] * 12).kind != "still"


def test_a_flash_in_a_pan_takes_the_place_between_its_neighbours() -> None:
    frames, masks = shoot(PAN)
    frames[3] = np.full_like(frames[3], 255)
    camera = register(frames, masks)
    assert camera.kind == "pan" and camera.ok.tolist() == [True] * 3 + [False] + [True] * 4
    assert error(camera.homographies, PAN).max() < 0.3


def test_bars_and_a_logo_that_stand_still_do_not_hold_a_pan() -> None:
    frames, masks = shoot(PAN)
    for frame in frames:
        frame[:30], frame[-30:] = 0, 0
        cv2.putText(frame, "TV", (400, 70), cv2.FONT_HERSHEY_SIMPLEX, 1, (255, 255, 255), 3)
    camera = register(frames, masks)
    assert camera.kind == "pan" and error(camera.homographies, PAN).mean() < 0.15


def test_context_joins_the_plate_and_strangers_have_no_place() -> None:
    true = [*PAN[2:6], *shifts((60, 190), (800, 30), (520, 230))]
    frames, _ = shoot(true)
    frames[5] = shoot(shifts((300, 100)), seed=9)[0][0]
    camera = register(frames, None, successive=4)
    assert camera.kind == "pan" and placed(camera.homographies).tolist() == [True] * 5 + [False, True]
    known = [0, 1, 2, 3, 4, 6]
    assert error(camera.homographies[known], [true[i] for i in known]).mean() < 0.2
    assert not camera.ok[5] and not camera.homographies[5].any()


def test_unrelated_frames_and_a_cut_are_unknown() -> None:
    strangers = [shoot(shifts((200, 100)), seed=s)[0][0] for s in range(4)]
    cut = shoot(PAN[:5])[0] + strangers[2:3] * 3
    for frames in (strangers, cut):
        camera = register(frames)
        assert camera.kind == "unknown" and not camera.ok.any()
        assert np.array_equal(camera.homographies, np.tile(np.eye(3), (len(frames), 1, 1)))


def test_two_planes_that_move_apart_are_unknown() -> None:
    frames = []
    for t in range(6):
        parts = [
            shoot(shifts((100 + speed * t, 100)), seed=seed)[0][0]
            for speed, seed in ((3, 1), (11, 2), (22, 3))
        ]
        frames.append(np.concatenate([p[i * 90 : i * 90 + 90] for i, p in enumerate(parts)]))
    assert register(frames, [np.zeros(SIZE[::-1], np.uint8)] * 6).kind == "unknown"


def test_a_plate_too_large_to_be_one_is_unknown() -> None:
    frames, masks = shoot(shifts(*((10 + 100 * t, 10 + 42 * t) for t in range(10))))
    assert register(frames, masks).kind == "unknown"


@pytest.mark.parametrize("value", [0, 128, 255])
def test_nothing_to_see(value: int) -> None:
    frames = [np.full((90, 160, 3), value, np.uint8)] * 3
    assert register(frames).kind == "still"
    assert register(frames, [np.full((90, 160), 255, np.uint8)] * 3).kind == "unknown"
    assert register([frames[0], frames[0] // 2, frames[0]]).kind == ("unknown" if value else "still")


def test_no_frame_one_frame_and_tiny_frames() -> None:
    assert register([]).homographies.shape == (0, 3, 3)
    one = register([sheet()[:90, :160]])
    assert one.kind == "still" and one.ok.all()
    for height, width in ((1, 1), (2, 40), (9, 7)):
        camera = register([np.full((height, width, 3), v, np.uint8) for v in (0, 90, 255)])
        assert camera.kind == "unknown" and canvas(camera.homographies, (width, height)) == (width, height)


def test_onto_the_plate_and_back() -> None:
    picture = sheet()[:90, :160]
    whole = shifts((20, 10))[0]
    laid, covered = to_plate(picture, whole, (200, 120))
    assert (
        covered.sum() == 90 * 160
        and np.array_equal(laid[10:100, 20:180], picture)
        and not laid[~covered].any()
    )
    assert np.array_equal(from_plate(laid, whole, (160, 90)), picture)
    part = shifts((20.5, 10.25))[0]
    laid, covered = to_plate(picture, part, (200, 120))
    assert 88 * 158 <= covered.sum() <= 90 * 160
    back = from_plate(laid, part, (160, 90))
    assert np.abs(back[3:-3, 3:-3].astype(int) - picture[3:-3, 3:-3]).mean() < 2
    assert canvas(np.stack([whole, part]), (160, 90)) == (181, 101)
    assert canvas(np.zeros((2, 3, 3)), (160, 90)) == (160, 90)


def test_film_that_weaves_in_its_gate_stands_still() -> None:
    weave = [(0.1, 0), (0, 0.1), (0.5, 0.2), *[(0, 0)] * 9]
    frames, masks = shoot(shifts(*((300 + x, 200 + y) for x, y in weave)))
    frames[-1] = np.random.default_rng(5).integers(0, 255, frames[0].shape, np.uint8)  # a dissolve, a splice
    camera = register(frames, masks)
    assert camera.kind == "still" and camera.ok[:-1].all() and not camera.ok[-1]


def test_the_sharpest_drawing_is_not_asked_alone_where_a_figure_fills_it() -> None:
    frames, masks = shoot(shifts(*[(300, 200)] * 8))
    frames[2][20:-20, 20:-20] = np.random.default_rng(7).integers(0, 2, (23, 44, 1), np.uint8).repeat(
        10, 0
    ).repeat(10, 1) * np.uint8(255)
    camera = register(frames, masks)
    assert camera.kind == "still" and camera.ok.tolist() == [True, True, False, *[True] * 5]


def test_a_slow_pan_is_no_weave() -> None:
    frames, masks = shoot(shifts(*((200 + 0.4 * t, 200) for t in range(10))))
    assert register(frames, masks).kind == "pan"


def _painting(seed: int) -> np.ndarray:
    """A wide painting with edges at all sizes."""
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 255, (24, 80, 3), np.uint8)
    return cv2.resize(small, (640, 192), interpolation=cv2.INTER_CUBIC)


def test_masks_that_hide_all_that_tells_the_camera_are_looked_behind() -> None:
    wide = _painting(1)
    frames = [np.ascontiguousarray(wide[:, 20 * k : 20 * k + 320]) for k in range(6)]
    for k, frame in enumerate(frames):
        frame[:100] = 90 + 8 * k  # a sky that gets lighter says nothing
    hidden = np.zeros((192, 320), np.uint8)
    hidden[90:] = 255
    found = register(frames, [hidden] * 6)
    assert found.kind == "pan" and np.abs(np.diff(found.homographies[:, 0, 2]) - 20).max() < 1


def test_a_figure_that_is_followed_does_not_make_the_camera_stand() -> None:
    wide, figure = _painting(2), _painting(3)[:192, :220]
    blurred = cv2.GaussianBlur(wide, (0, 0), 12)
    frames = []
    for k in range(6):
        frame = np.ascontiguousarray(blurred[:, 50 * k : 50 * k + 320])
        frame[:, 60:280] = figure
        frames.append(frame)
    mask = np.zeros((192, 320), np.uint8)
    mask[:, 50:290] = 255
    assert register(frames).kind == "still", "without masks it would"
    assert register(frames, [mask] * 6).kind != "still"
