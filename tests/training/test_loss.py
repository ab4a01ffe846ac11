from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from animelayers.training.loss import loss, wrong  # noqa: E402

NONE = torch.zeros((0, 2), dtype=torch.int64)
PAIR = torch.tensor([[0, 1]])


def truth(empty: bool = False) -> torch.Tensor:
    """Two drawings 32 x 48 with a figure and an effect."""
    made = torch.zeros(2, 3, 32, 48)
    if not empty:
        made[0, 0, 8:24, 6:20] = made[1, 0, 8:24, 10:24] = 1
        made[:, 1, 4:10, 30:44] = 1
    return made


def logits(alpha: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The answer that is sure of `alpha`, and the same at an eighth."""
    return 16 * alpha - 8, 16 * torch.nn.functional.adaptive_avg_pool2d(alpha, (4, 6)) - 8


def of(alpha: torch.Tensor, true: torch.Tensor, pairs: torch.Tensor = NONE) -> float:
    return float(loss(*logits(alpha), true, pairs))


def test_the_truth_costs_less_than_any_other_answer() -> None:
    true = truth()
    swapped, moved = true[:, [1, 0, 2]], true.roll(3, 3)
    less = [
        of(wrong, true)
        for wrong in (
            moved,
            swapped,
            torch.zeros_like(true),
            torch.ones_like(true),
            torch.full_like(true, 0.5),
        )
    ]
    assert of(true, true) < 0.2 < min(less) and of(moved, true) < of(swapped, true)


def test_where_nothing_is_nothing_is_best() -> None:
    true = truth(empty=True)
    assert 0 <= of(true, true) < 0.01 < of(truth(), true) < of(torch.ones_like(true), true)


def test_errors_that_differ_between_neighbours_cost_more() -> None:
    true = truth()
    steady, other = true.clone(), true.clone()
    steady[:, 0, 26:30, 2:10] = 1
    other[0, 0, 26:30, 2:10] = other[1, 0, 26:30, 30:38] = 1
    assert of(steady, true, PAIR) == pytest.approx(of(steady, true), abs=1e-3)
    assert of(other, true, PAIR) > of(other, true) + 1e-3


def test_how_wrong_a_shot_is() -> None:
    true = truth()
    both = [logits(alpha)[0] for alpha in (true, true.roll(3, 3), torch.zeros_like(true))]
    right, moved, none = (float(wrong(each, true, 2)[0]) for each in both)
    assert 0 <= right < 0.05 < moved < none <= 1
    empty, made_up = truth(empty=True), logits(true)[0]
    assert wrong(made_up, empty, 1).shape == (2,) and wrong(made_up, empty, 1).min() > 0.8


def test_it_has_a_finite_slope_everywhere() -> None:
    for true in (truth(), truth(empty=True)):
        fine, coarse = (30 * torch.randn_like(each) for each in logits(true))
        loss(fine.requires_grad_(), coarse.requires_grad_(), true, PAIR).backward()
        assert (
            torch.isfinite(fine.grad).all()
            and torch.isfinite(coarse.grad).all()
            and fine.grad.any()
            and coarse.grad.any()
        )
