import numpy as np

from animelayers.imaging.cels import UNKNOWN, Evidence
from animelayers.imaging.joining import palette, settle

H, W = 180, 240


def stays(claim):
    """A figure of one colour that stands before a wall in every frame, and what its plate says; `claim` in its gap, 0..255."""
    frame = np.full((H, W, 3), (190, 200, 210), np.uint8)
    alpha = np.zeros((H, W), np.uint8)
    body, gap = (slice(40, 170), slice(80, 160)), (slice(90, 130), slice(100, 105))
    frame[body], alpha[body] = (180, 60, 60), 255
    frame[gap] = (190, 200, 210)
    whole = alpha.copy()
    whole[gap] = claim
    seen = alpha == 0
    said = Evidence(np.full((H, W), UNKNOWN, np.uint8), np.ones((H, W), bool), frame, seen, whole)
    return frame, alpha, said, gap


def test_a_figure_that_stays_keeps_the_gaps_of_its_own_matte():
    frame, alpha, said, gap = stays(150)
    alpha[gap] = 0
    settled = settle(frame, alpha, said, palette([frame], [alpha], [said]))
    assert not settled[gap][:, 1:-1].any()
    alpha[gap] = 255
    settled = settle(frame, alpha, said, palette([frame], [alpha], [said]))
    assert (settled[gap][:, 1:-1] == 150).all()


def test_what_one_matte_alone_lacks_is_given_back():
    frame, alpha, said, gap = stays(255)
    alpha[gap] = 0
    assert (settle(frame, alpha, said, palette([frame], [alpha], [said]))[gap] == 255).all()


def test_a_lost_limb_is_no_gap():
    frame, alpha, said, _ = stays(150)
    limb = (slice(60, 120), slice(110, 150))
    said.claim[limb], alpha[limb] = 200, 0
    settled = settle(frame, alpha, said, palette([frame], [alpha], [said]))
    assert (settled[62:118, 112:148] == 200).all()
