# SPDX-License-Identifier: Apache-2.0
"""Heights of row bands: whole, in steps of the banks, and low at first where LOADs would show."""

from __future__ import annotations

import pytest

from hlsgen.plan.bands import _cycles, _heights, _Pace

pytestmark = pytest.mark.unit
HEIGHT, UNIT = 56, 2


def _found(pace: _Pace | None, *, ahead: bool) -> list[list[int]]:
    return list(_heights(HEIGHT, UNIT, pace, ahead=ahead))


@pytest.mark.parametrize("ahead", [True, False])
def test_heights_cover_the_map_in_whole_steps(ahead: bool) -> None:
    pace = _Pace(unit=UNIT, low=(1500, 2000), high=(2440, 3400))
    found = _found(pace, ahead=ahead)
    assert len(found) > len(_found(None, ahead=ahead)) > 5
    for heights in found:
        assert sum(heights) == HEIGHT
        assert all(rows > 0 and rows % UNIT == 0 for rows in heights)


# Of a LOAD: cycles of a band of two rows, of each row more; then of its layers
@pytest.mark.parametrize("cycles", [(1500, 470, 2000, 700), (1500, 470, 2900, 1160)])
def test_growing_bands_end_earlier(cycles: tuple[int, int, int, int]) -> None:
    load, load_row, compute, compute_row = cycles
    high = load + UNIT * load_row, compute + UNIT * compute_row
    pace = _Pace(unit=UNIT, low=(load, compute), high=high)

    def cycles_of(heights: list[int]) -> int:
        return _cycles([pace.works(rows) for rows in heights], ahead=True)

    grown = [heights for heights in _found(pace, ahead=True) if heights[0] < max(heights)]
    alike = [heights for heights in _found(None, ahead=True) if heights[0] == max(heights)]
    assert min(map(cycles_of, grown)) < min(map(cycles_of, alike))
    for heights in grown:  # no worse than bands that double
        rows, rival = UNIT, []
        while sum(rival) + rows < HEIGHT:
            rival.append(rows)
            rows = min(2 * rows, max(heights))
        assert cycles_of(heights) <= cycles_of([*rival, HEIGHT - sum(rival)])
