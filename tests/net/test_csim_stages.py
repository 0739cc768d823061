# SPDX-License-Identifier: Apache-2.0
"""HLS C++ stages against numpy: packed products at their extremes, requantisation, deadlock."""

from __future__ import annotations

import subprocess
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from hlsgen.engines.mixed import MixedSpec
from hlsgen.engines.packing import _row_records, _words
from hlsgen.engines.records import Records, evaluate_record
from hlsgen.model.numbers import Format, levels
from tests.designs import spec_of
from tests.net.csim_build import stages

pytestmark = pytest.mark.net
EXACT = "-DHG_AP_TYPES"  # every width as declared, instead of the next native type

DESIGNS = {
    "a4_mixed": spec_of(19, 12, 1, act_bits=4, lanes_n=8, pixels_n=6),
    "a4_fixed4": spec_of(0, 16, 0, act_bits=4, lanes_n=4, pixels_n=2),
    "a4_lanes1": spec_of(5, 8, 3, act_bits=4, lanes_n=1, pixels_n=10),
    "a4_lanes16": spec_of(13, 2, 1, act_bits=4, lanes_n=16, pixels_n=2),
    "a8_mixed": spec_of(9, 4, 3, act_bits=8, lanes_n=2, pixels_n=6),
    "a8_fixed8": spec_of(0, 0, 16, act_bits=8, lanes_n=8, pixels_n=4),
    "a8_pot4": spec_of(16, 0, 0, act_bits=8, lanes_n=4, pixels_n=2),
}


def _weights(spec: MixedSpec, sp2: np.ndarray, rng: np.random.Generator, steps: int) -> np.ndarray:
    """Levels [T, steps, N]: random, with runs of the extremes."""
    rows = []
    for slot in range(spec.rows_n):
        kind = Format.SP2_4 if sp2[slot] else spec.slot_kind(slot)
        choice = levels(kind)
        row = rng.choice(choice, (steps, spec.lanes_n))
        row[: steps // 4] = choice[0]
        row[steps // 4 : steps // 2] = choice[-1]
        rows.append(row)
    return np.stack(rows).astype(np.int64)


def _array(spec: MixedSpec, binary: Path, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Sums of the C++ array and of numpy, [T, P]."""
    rng = np.random.default_rng(seed)
    steps, half, top = 16, 1 << (spec.act_bits - 1), (1 << spec.act_bits) - 1
    sp2 = np.zeros(spec.rows_n, bool)
    fixed4 = slice(spec.pot4_n, spec.pot4_n + spec.fixed4_n)
    sp2[fixed4] = rng.integers(0, 2, spec.fixed4_n)
    weights = _weights(spec, sp2, rng, steps)
    acts = rng.integers(0, top + 1, (steps, spec.lanes_n, spec.pixels_n))
    acts[::4], acts[1::4] = 0, top  # the extremes of the signed operand
    words = _words(weights[None], sp2[None], spec)[0]
    data = [sp2.astype(np.uint8).tobytes(), np.int32(steps).tobytes()]
    expected = np.zeros((spec.rows_n, spec.pixels_n), np.int64)
    for k in range(steps):
        shift = k == steps - 2
        data += [bytes([shift]), words[k].tobytes(), acts[k].astype(np.uint8).tobytes()]
        operands = np.where(np.arange(spec.rows_n)[:, None, None] < spec.pot4_n, 0, half)
        products = weights[:, k, :, None] * (acts[k][None] - operands)
        expected = (expected << spec.act_bits * shift) + products.sum(axis=1)
    done = subprocess.run([binary, "array"], input=b"".join(data), capture_output=True, check=True)
    return np.frombuffer(done.stdout, np.int32).reshape(expected.shape), expected


@pytest.mark.parametrize("name", DESIGNS)
def test_array_packed_products_are_exact(name: str, tmp_path: Path) -> None:
    binary = stages(DESIGNS[name], tmp_path)
    for seed in range(20):
        got, expected = _array(DESIGNS[name], binary, seed)
        np.testing.assert_array_equal(got, expected, err_msg=f"seed {seed}")


@pytest.mark.parametrize("name", ["a4_mixed", "a8_mixed"])
def test_array_declared_widths_suffice(name: str, tmp_path: Path) -> None:
    binary = stages(DESIGNS[name], tmp_path, EXACT)
    for seed in range(5):
        got, expected = _array(DESIGNS[name], binary, seed)
        np.testing.assert_array_equal(got, expected, err_msg=f"seed {seed}")


def _random_records(rng: np.random.Generator, n: int) -> Records:
    shift = rng.integers(0, 58, n)
    lo = rng.integers(0, 128, n)
    values = {
        "bias": rng.integers(-(1 << 31), 1 << 31, n) >> rng.integers(0, 31, n),
        "mult": rng.integers(0, 1 << 32, n) >> rng.integers(0, 32, n),
        "off_pos": rng.integers(-(1 << 31), 1 << 31, n) >> rng.integers(0, 32, n),
        "off_neg": rng.integers(-(1 << 31), 1 << 31, n) >> rng.integers(0, 32, n),
        "shift": shift,
        "tie_even": rng.integers(0, 2, n),
        "tie_parity": rng.integers(0, 2, n),
        "z": rng.integers(-(1 << 15), 1 << 15, n) >> rng.integers(0, 15, n),
        "lo": lo,
        "hi": np.maximum(lo, rng.integers(0, 256, n)),
    }
    even = rng.random(n) < 0.3  # ties that happen: a power of two, no offset
    values["mult"] = np.where(even, 1 << np.minimum(np.maximum(shift - 1, 0), 31), values["mult"])
    values["off_pos"] = np.where(even, 0, values["off_pos"])
    values["off_neg"] = np.where(even, 0, values["off_neg"])
    return Records(**{item.name: values[item.name].astype(np.int64) for item in fields(Records)})


def _record_beats(records: Records) -> np.ndarray:
    """Beats [n, 3] of single records, by the host's packer."""
    from types import SimpleNamespace

    n = len(records)
    column = np.zeros((n, 1), np.int64)
    route = SimpleNamespace(
        xl=column, dg=column, sg=column, slots=lambda: np.arange(n, dtype=np.int64)[:, None]
    )
    where = SimpleNamespace(written=np.ones(1, bool))
    return _row_records(SimpleNamespace(records=records, route=route, where=where))  # type: ignore


def test_requant_equals_the_hosts_arithmetic(tmp_path: Path) -> None:
    binary = stages(DESIGNS["a8_mixed"], tmp_path)
    rng = np.random.default_rng(5)
    n = 200_000
    records = _random_records(rng, n)
    acc = rng.integers(-(1 << 31), 1 << 31, n) >> rng.integers(0, 32, n)
    expected = evaluate_record(records, acc)
    packed = np.concatenate([_record_beats(records).view(np.int64), acc[:, None]], axis=1)
    data = np.int32(n).tobytes() + np.ascontiguousarray(packed).tobytes()
    done = subprocess.run([binary, "requant"], input=data, capture_output=True, check=True)
    np.testing.assert_array_equal(np.frombuffer(done.stdout, np.int32), expected)
    assert np.unique(expected).size > 200


def test_add_rounds_and_clamps_sums(tmp_path: Path) -> None:
    binary = stages(DESIGNS["a8_mixed"], tmp_path)
    rng = np.random.default_rng(6)
    n = 50_000
    total = rng.integers(-(1 << 35), 1 << 35, n) >> rng.integers(0, 4, n)
    total = np.where(rng.random(n) < 0.5, total >> 25 << 25, total)  # exact halves
    tie_even, parity = rng.integers(0, 2, (2, n))
    lo = rng.integers(0, 100, n)
    hi = rng.integers(100, 256, n)
    y = total >> 25
    y -= (tie_even == 1) & (total & ((1 << 25) - 1) == 0) & ((y & 1) != parity)
    beat = lo << 32 | hi << 40 | 1 << 48 | tie_even << 49 | parity << 50
    data = np.int32(n).tobytes() + np.stack([beat, total], axis=1).tobytes()
    done = subprocess.run([binary, "add"], input=data, capture_output=True, check=True)
    np.testing.assert_array_equal(np.frombuffer(done.stdout, np.int32), np.clip(y, lo, hi))


def test_streams_report_a_deadlock_with_both_streams(tmp_path: Path) -> None:
    binary = stages(DESIGNS["a8_mixed"], tmp_path)
    done = subprocess.run([binary, "deadlock"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 3
    assert done.stderr.startswith("deadlock: ")
    assert "process producer waits for full stream crowded" in done.stderr
    assert "process consumer waits for empty stream hungry" in done.stderr
