"""The Numenta benchmark's scoring, as its paper has it: early is better than late, false costs, perfection is 100."""

from __future__ import annotations

import numpy as np
import pytest

from tests.bench.nab_scoring import LOW_FALSE, STANDARD, Run, corpus_score, probation, sigmoid

ROWS, WINDOW = 1000, (500, 599)


def scored(*alarms: int, windows: list[tuple[int, int]] | None = None) -> float:
    scores = np.zeros(ROWS)
    scores[list(alarms)] = 1.0
    return corpus_score([Run(scores, [WINDOW] if windows is None else windows)], STANDARD, 0.5)[0]


def test_the_sigmoid_is_that_of_the_paper() -> None:
    assert sigmoid(np.array([-1.0, 0.0, 1.0, 4.0])) == pytest.approx([0.98661, 0.0, -0.98661, -1.0], abs=1e-5)


def test_nothing_told_is_0_and_each_window_at_its_start_100() -> None:
    assert scored() == 0.0
    assert scored(500) == 100.0


def test_the_earliest_detection_in_a_window_counts_once() -> None:
    assert scored(500, 550, 590) == 100.0
    assert 50 < scored(590) < scored(550) < 100


def test_a_false_detection_costs_by_its_profile_and_how_far_behind_it_is() -> None:
    assert scored(500, 200) == pytest.approx(100 - 100 * 0.11 / 2)
    assert scored(500, 610) > scored(500, 700) > scored(500, 999)
    scores = np.zeros(ROWS)
    scores[[200, 500]] = 1.0
    assert corpus_score([Run(scores, [WINDOW])], LOW_FALSE, 0.5)[0] == pytest.approx(100 - 100 * 0.22 / 2)


def test_the_first_rows_are_not_judged() -> None:
    assert (probation(1000), probation(20_000)) == (150, 750)
    assert scored(149, 500) == 100.0


def test_the_best_threshold_is_that_of_the_whole_corpus() -> None:
    first, second = np.zeros(ROWS), np.zeros(ROWS)
    first[500], first[300], second[500] = 0.9, 0.4, 0.6

    score, threshold = corpus_score([Run(first, [WINDOW]), Run(second, [WINDOW])], STANDARD)

    assert (score, threshold) == (100.0, 0.6)
