"""lrlab's schedulers beside torch's own in random trainings: the same bits, texts and warnings.

The number of cases: 10,500 where the environment has CI, some hundreds elsewhere.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, given, settings
from scheduler_cases import (
    Case,
    cases,
    composite_calls,
    hold_side_by_side,
    plain_calls,
    plateau_cases,
)

SCALE = 100 if os.environ.get("CI") else 3


def examples(hundredth: int) -> settings:
    return settings(
        max_examples=hundredth * SCALE,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )


@examples(55)
@given(cases(plain_calls()))
def test_one_scheduler(case: Case) -> None:
    hold_side_by_side(case)


@examples(30)
@given(cases(composite_calls()))
def test_schedulers_of_schedulers(case: Case) -> None:
    hold_side_by_side(case)


@examples(20)
@given(plateau_cases())
def test_a_plateau(case: Case) -> None:
    hold_side_by_side(case)
