# SPDX-License-Identifier: Apache-2.0
"""The bounded heap against Python's, fed key by key."""

from __future__ import annotations

import heapq

import numpy as np
import pytest

from hlsgen.errors import ParameterError
from hlsgen.stages.heap import HeapSpec, cost, golden

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("count", [0, 1, 6, 7, 8, 300])
def test_heap_keeps_the_greatest_in_ascending_order(count: int) -> None:
    spec = HeapSpec(heaps_n=1, entries_n=7, key_w=12)
    keys = np.random.default_rng(count).permutation(np.arange(-1000, 1000))[:count]
    held: list[int] = []
    for key in keys.tolist():
        if len(held) < 7:
            heapq.heappush(held, key)
        else:
            heapq.heappushpop(held, key)
    assert golden(spec, keys).tolist() == [heapq.heappop(held) for _ in range(len(held))]


def test_heap_refuses_keys_that_do_not_fit() -> None:
    spec = HeapSpec(heaps_n=1, entries_n=7, key_w=4)
    with pytest.raises(ParameterError, match=r"^Heap keys must fit 4 bits \(key_w\), not -9\.\.3$"):
        golden(spec, np.array([-9, 3]))


@pytest.mark.parametrize(
    ("field", "value", "rule"),
    [("entries_n", 0, "in 1..4096"), ("heaps_n", 65, "in 1..64"), ("banks_n", 3, "1 or 2")],
)
def test_heap_rejects(field: str, value: int, rule: str) -> None:
    fields = {"heaps_n": 1, "entries_n": 7, "key_w": 8, field: value}
    with pytest.raises(ParameterError, match=rf"^Heap {field} must be {rule}, not {value}$"):
        HeapSpec(**fields)


def test_heap_cost_is_a_memory_a_level() -> None:
    spec = HeapSpec(heaps_n=28, entries_n=130, key_w=34, banks_n=2)
    assert spec.levels_n == 8
    assert spec.drain_cycles == 2 * 28 * 130
    # 71 bits; words of both banks, 32 heaps in each: 128, 256, 512, 1024, 2048, and 128 of the rest
    assert cost(spec).bram36 == 1 + 1 + 1 + 2 + 4 + 1
