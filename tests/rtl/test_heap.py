# SPDX-License-Identifier: Apache-2.0
"""hg_heap: every result of every frame equals the golden model's, in the cycles of its cost."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from hlsgen.stages.heap import HeapSpec, cost, golden
from tests.rtl.scripted import hex_lines, run_script

pytestmark = pytest.mark.rtl


def bank(heaps_n: int, entries_n: int, key_w: int, banks_n: int) -> HeapSpec:
    return HeapSpec(heaps_n=heaps_n, entries_n=entries_n, key_w=key_w, banks_n=banks_n)


DESIGNS = {
    "limit": bank(28, 130, 34, 2),
    "few_limits": bank(3, 6, 9, 2),
    "one_entry": bank(5, 1, 8, 2),
    "top": bank(1, 1000, 54, 1),
    "top_one": bank(1, 1, 54, 1),
    "top_two": bank(1, 2, 12, 1),
    "top_most": bank(1, 4096, 54, 1),
    "tops": bank(2, 21, 10, 1),
}


@dataclass(slots=True)
class Script:
    """Keys and marks of frames, and what must come out."""

    spec: HeapSpec
    rng: np.random.Generator
    heaps_used: int
    lines: list[int]
    want: list[int]

    def frame(self, counts: list[int], order: str) -> None:
        """A frame with so many keys of each heap: in random order, rising or falling."""
        width = self.spec.key_w
        items = [
            (heap, key)
            for heap, count in enumerate(counts)
            for key in self._keys(min(count, 1 << width))
        ]
        if order == "random":
            self.rng.shuffle(items)
        else:
            items.sort(key=lambda item: item[1], reverse=order == "falling")
        mask = (1 << width) - 1
        self.lines += [heap << width | key & mask for heap, key in items]
        self.lines.append(1 << width + 6)
        for heap in range(self.heaps_used):
            keys = np.array([key for number, key in items if number == heap], np.int64)
            kept = golden(self.spec, keys)
            self.want += [heap << width] * (self.spec.entries_n - len(kept))
            self.want += [1 << width + 6 | heap << width | int(key) & mask for key in kept]
        self.want.append(1 << width + 7)

    def _keys(self, count: int) -> list[int]:
        """Different keys: neighbours, over the whole range, or with its ends among them."""
        width = self.spec.key_w
        low = -(1 << width - 1)
        start = int(self.rng.integers(low, -low - count + 1))
        if self.rng.random() < 0.5:
            return list(range(start, start + count))
        drawn = {low, -low - 1} if count > 1 else set()
        while len(drawn) < count:
            drawn |= {int(key) for key in self.rng.integers(low, -low, count - len(drawn))}
        return [*drawn][:count]


def scripted(spec: HeapSpec, frames_n: int, seed: int, heaps_used: int) -> Script:
    """Frames of many keys, of few, of none, and of more than the heaps hold."""
    rng = np.random.default_rng(seed)
    script = Script(spec, rng, heaps_used, [], [])
    entries = spec.entries_n
    for number in range(frames_n):
        kind = (number + seed) % 4
        most = (2 * entries + 3, entries, 0, entries + 1)[kind]
        counts = [int(rng.integers(0, most + 1)) if kind < 2 else most for _ in range(heaps_used)]
        script.frame(counts, ("random", "rising", "falling")[int(rng.integers(0, 3))])
    return script


def run(script: Script, folder: Path, *, idle: int = 0, stall: int = 0, seed: int = 1) -> str:
    """The log of the bench on a script."""
    (folder / "lines.hex").write_text(hex_lines(script.lines))
    (folder / "wants.hex").write_text(hex_lines(script.want))
    spec = script.spec
    parameters = {
        "HeapsN": spec.heaps_n, "EntriesN": spec.entries_n, "KeyW": spec.key_w,
        "BanksN": spec.banks_n,
    }  # fmt: skip
    limit = 8 * (len(script.lines) + len(script.want)) + 20_000
    return run_script(
        "heap", parameters, folder, lines=len(script.lines), wants=len(script.want), idle=idle,
        stall=stall, seed=seed, last=script.heaps_used - 1, limit=limit,
    )  # fmt: skip


@pytest.mark.parametrize("name", DESIGNS, ids=list(DESIGNS))
def test_heap_results_match_golden(name: str, tmp_path: Path) -> None:
    spec = DESIGNS[name]
    large = spec.heaps_n * spec.entries_n > 500
    for seed, (idle, stall) in enumerate(((0, 0), (30, 0), (0, 40), (60, 60)), start=1):
        script = scripted(spec, 3 if large else 24, seed, spec.heaps_n)
        run(script, tmp_path, idle=idle, stall=stall, seed=seed)


def test_heap_gives_back_only_the_heaps_in_use(tmp_path: Path) -> None:
    spec = DESIGNS["tops"]
    run(scripted(spec, 9, 5, 1), tmp_path)


@pytest.mark.parametrize("name", ["limit", "top"])
def test_heap_takes_the_cycles_of_its_cost(name: str, tmp_path: Path) -> None:
    spec = DESIGNS[name]
    log = run(scripted(spec, 3, 3, spec.heaps_n), tmp_path)
    found = cost(spec)
    given = {int(cycles) for cycles in re.findall(r"MARK \d+ cycles (\d+)", log)}
    assert given == {found.cycles + found.latency}
    keys, cycles = map(int, re.search(r"KEYS (\d+) cycles (\d+)", log).groups())
    assert cycles == found.cycles_per_key * keys
