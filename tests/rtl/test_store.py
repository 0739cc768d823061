# SPDX-License-Identifier: Apache-2.0
"""hg_store beside hg_load on hg_actmem: what arrives in memory equals the golden model's."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from hlsgen.engines.program import Load, Store
from hlsgen.errors import ParameterError
from hlsgen.stages import load, store
from hlsgen.stages.store import StoreSpec
from tests.rtl.moves import DESIGNS, beats_of, descriptors, random_move
from tests.rtl.scripted import hex_lines, run_script

pytestmark = pytest.mark.rtl
STEPS = 14


@pytest.mark.parametrize("name", DESIGNS, ids=list(DESIGNS))
@pytest.mark.parametrize(("seed", "stall", "alone"), [(1, 0, 1), (2, 0, 0), (3, 30, 0), (4, 75, 0)])
def test_store_stream_matches_golden(
    name: str, seed: int, stall: int, alone: int, tmp_path: Path
) -> None:
    banks_n, depth = DESIGNS[name]
    spec = StoreSpec(banks_n=banks_n, act_depth=depth)
    rng = np.random.default_rng(seed)
    banks = rng.integers(0, 1 << 63, (banks_n, depth), np.uint64)
    dram, out = rng.integers(0, 1 << 63, (2, 1 << 16), np.uint64)
    files = {"act": banks.reshape(-1), "dram": dram, "out": out.copy()}
    halves = ((0, depth // 2), (depth // 2, depth))
    loads, stores, source, target = [], [], 16, 32
    for step in range(STEPS):
        move, source = random_move(Load, rng, banks_n, halves[step % 2], source)
        back, target = random_move(Store, rng, banks_n, halves[1 - step % 2], target)
        out[beats_of(back)] = store.golden(spec, banks, back)
        banks = load.golden(spec, banks, move, dram[beats_of(move)])
        loads.append(move)
        stores.append(back)
    for stem, values in {**files, "want": out}.items():
        (tmp_path / f"{stem}.hex").write_text(hex_lines(values))
    (tmp_path / "loads.hex").write_text(hex_lines(descriptors(loads)))
    (tmp_path / "stores.hex").write_text(hex_lines(descriptors(stores)))
    params = {"BanksN": banks_n, "ActDepth": depth}
    log = run_script("store", params, tmp_path, jobs=STEPS, stall=stall, seed=seed, alone=alone)
    if alone:
        found = [int(value) for value in re.findall(r"JOB \d+ cycles (\d+)", log)]
        assert found[-STEPS:] == [store.cost(spec, job).cycles for job in stores]


def test_store_refuses() -> None:
    with pytest.raises(ParameterError, match=r"^Store act_depth must be in 2..65536, not 0$"):
        StoreSpec(banks_n=4, act_depth=0)
