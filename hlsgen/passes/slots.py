# SPDX-License-Identifier: Apache-2.0
"""How the rows of a layer split over the number formats: slots of a block of T rows."""

from __future__ import annotations

import re
from dataclasses import dataclass

from hlsgen.errors import ParameterError

_MOST_ROWS = 128  # of the array, formats.md §1


@dataclass(frozen=True, slots=True, kw_only=True)
class Slots:
    """Rows of a block by format; T = pot4 + fixed4 + fixed8."""

    pot4: int
    fixed4: int  # even: two rows share a multiplier
    fixed8: int

    def __post_init__(self) -> None:
        counts = (self.pot4, self.fixed4, self.fixed8)
        if min(counts) < 0 or not 1 <= sum(counts) <= _MOST_ROWS:
            raise ParameterError(
                f"Slots must be counts that add up to 1..{_MOST_ROWS} rows, not {self}; "
                "e.g. 41:20:3"
            )
        if self.fixed4 % 2:
            raise ParameterError(
                f"Slots fixed4 must be even (two rows share a multiplier), not {self.fixed4} "
                f"({self}); nearest: {self.fixed4 - 1} or {self.fixed4 + 1}"
            )

    def __str__(self) -> str:
        return f"{self.pot4}:{self.fixed4}:{self.fixed8}"

    @property
    def total(self) -> int:
        """T, rows of a block."""
        return self.pot4 + self.fixed4 + self.fixed8

    def share(self, rows: int) -> tuple[int, int, int]:
        """Split `rows` <= T rows (pot4, fixed4, fixed8) in proportion, never above the slots.

        Parts of a row go to `fixed8` first, then to `fixed4`: both are in the array anyway, and
        hold the number more exactly. A full block gets the slots themselves.
        """
        fixed8 = min(self.fixed8, -(-rows * self.fixed8 // self.total))
        left = rows - fixed8
        pair = self.pot4 + self.fixed4
        fixed4 = min(self.fixed4, -(-left * self.fixed4 // pair)) if pair else 0
        return left - fixed4, fixed4, fixed8


def parse_slots(text: str) -> Slots:
    """Read `pot4:fixed4:fixed8`, e.g. 41:20:3."""
    return Slots(**dict(zip(("pot4", "fixed4", "fixed8"), _three(text, "Slots"), strict=True)))


def snap_ratio(text: str, total: int) -> Slots:
    """Return the slots of `total` rows nearest (least squares) to a ratio in percent, 65:30:5."""
    ratio = _three(text, "Ratio")
    if sum(ratio) != 100:
        raise ParameterError(f"Ratio must add up to 100, not {sum(ratio)} ({text}); e.g. 65:30:5")
    exact = tuple(part * total / 100 for part in ratio)
    splits = (
        (total - fixed4 - fixed8, fixed4, fixed8)
        for fixed4 in range(0, total + 1, 2)
        for fixed8 in range(total - fixed4 + 1)
    )
    best = min(
        splits, key=lambda split: sum((s - e) ** 2 for s, e in zip(split, exact, strict=True))
    )
    return Slots(pot4=best[0], fixed4=best[1], fixed8=best[2])


def _three(text: str, what: str) -> tuple[int, int, int]:
    match = re.fullmatch(r"(\d{1,3}):(\d{1,3}):(\d{1,3})", text.strip(), re.ASCII)
    if match is None:
        example = "41:20:3" if what == "Slots" else "65:30:5"
        raise ParameterError(
            f"{what} must be three whole numbers pot4:fixed4:fixed8, not {text!r}; e.g. {example}"
        )
    return int(match[1]), int(match[2]), int(match[3])
