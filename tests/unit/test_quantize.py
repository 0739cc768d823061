# SPDX-License-Identifier: Apache-2.0
"""Row-wise mixed quantisation: slots, assignment, exact carrying over, accuracy of the digits."""

from __future__ import annotations

import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hlsgen.engines.records import evaluate_record
from hlsgen.engines.requant_fit import Reach, fit_records
from hlsgen.errors import ParameterError
from hlsgen.frontends.tflite import load_tflite
from hlsgen.model import golden
from hlsgen.model.graph import Conv, Model, Tensor, Thresholds, TwoStep
from hlsgen.model.multiplier import quantize_multiplier
from hlsgen.model.numbers import Format, is_representable, levels
from hlsgen.model.requant import UNREACHABLE, apply
from hlsgen.model.verify import verify
from hlsgen.passes.quantize import accuracy, assign, quantize
from hlsgen.passes.requants import rescaled_requant, sum_table
from hlsgen.passes.rows import fit_scales, nearest, round_with_feedback
from hlsgen.passes.slots import Slots, parse_slots, snap_ratio
from tests import cifar
from tests.conftest import shared_data
from tests.models import random_codes, random_model

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "examples" / "digits"))
import network

pytestmark = pytest.mark.unit
ZC706 = parse_slots("41:20:3")
ZEDBOARD = parse_slots("19:12:1")


def all_fixed8(model: Model) -> Model:
    """The model with every row called fixed8: what an int8 import gives."""
    layers = tuple(
        replace(layer, formats=(Format.FIXED8,) * len(layer.formats))
        if isinstance(layer, Conv)
        else layer
        for layer in model.layers
    )
    return replace(model, layers=layers)


@pytest.mark.parametrize(
    ("ratio", "total", "slots"),
    [("65:30:5", 64, "41:20:3"), ("60:35:5", 32, "19:12:1"), ("0:0:100", 16, "0:0:16")],
)
def test_ratio_snaps_to_the_boards(ratio: str, total: int, slots: str) -> None:
    assert str(snap_ratio(ratio, total)) == slots


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (
            lambda: snap_ratio("65:30:10", 64),
            r"^Ratio must add up to 100, not 105 \(65:30:10\); e\.g\. 65:30:5$",
        ),
        (
            lambda: snap_ratio("65:30", 64),
            r"^Ratio must be three whole numbers pot4:fixed4:fixed8, not '65:30'; e\.g\. 65:30:5$",
        ),
        (
            lambda: parse_slots("-1:2:3"),
            r"^Slots must be three whole numbers pot4:fixed4:fixed8, not '-1:2:3'; e\.g\. 41:20:3$",
        ),
        (
            lambda: parse_slots("41:21:2"),
            r"^Slots fixed4 must be even \(two rows share a multiplier\), not 21 \(41:21:2\); "
            r"nearest: 20 or 22$",
        ),
        (
            lambda: parse_slots("0:0:0"),
            r"^Slots must be counts that add up to 1\.\.128 rows, not 0:0:0; e\.g\. 41:20:3$",
        ),
    ],
    ids=["sum", "two", "negative", "odd", "none"],
)
def test_slots_errors(make, sentence: str) -> None:
    with pytest.raises(ParameterError, match=sentence):
        make()


@given(st.integers(0, 60), st.integers(0, 20), st.integers(0, 20), st.data())
def test_share_of_a_partial_block_stays_within_the_slots(
    pot4: int, pairs: int, fixed8: int, data: st.DataObject
) -> None:
    if pot4 + pairs + fixed8 == 0:
        pot4 = 1
    slots = Slots(pot4=pot4, fixed4=2 * pairs, fixed8=fixed8)
    rows = data.draw(st.integers(1, slots.total))
    share = slots.share(rows)
    assert sum(share) == rows
    assert all(0 <= s <= n for s, n in zip(share, (pot4, 2 * pairs, fixed8), strict=True))
    assert slots.share(slots.total) == (pot4, 2 * pairs, fixed8)


def test_assign_follows_loss_then_variance() -> None:
    rng = np.random.default_rng(3)
    rows = rng.normal(size=(70, 27))
    rows[10] *= 4  # the widest spread
    loss = np.arange(70.0)
    formats = assign(rows, loss, ZC706)
    counts = [formats[:64].count(f) for f in (Format.POT4, Format.FIXED4, Format.FIXED8)]
    assert counts == [41, 20, 3]
    assert [i for i, f in enumerate(formats) if f == Format.FIXED8] == [61, 62, 63, 69]
    assert formats[10] == Format.FIXED4


@given(st.floats(1e-9, 1e6))
def test_multiplier_is_the_nearest_of_31_bits(real: float) -> None:
    multiplier, shift = quantize_multiplier(real)
    assert 1 << 30 <= multiplier < 1 << 31
    error = abs(Fraction(multiplier) * Fraction(2) ** (shift - 31) / Fraction(real) - 1)
    assert error <= Fraction(1, 1 << 31)


def test_multiplier_edges() -> None:
    assert quantize_multiplier(0.5) == (1 << 30, 0)
    assert quantize_multiplier(1 - 2.0**-40) == (1 << 30, 1)  # rounds up to 2**31, halved
    assert quantize_multiplier(2.0**-40) == (0, 0)
    assert quantize_multiplier(0.0) == (0, 0)


@pytest.mark.parametrize("fmt", [Format.FIXED8, Format.FIXED4, Format.POT4])
def test_rows_of_levels_are_found_again(fmt: Format) -> None:
    rng = np.random.default_rng(4)
    codes = rng.choice(levels(fmt), (6, 40))
    codes[:, 0] = levels(fmt)[-1]
    codes[codes < -levels(fmt)[-1]] = 0
    rows = codes * rng.uniform(0.01, 2.0, (6, 1))
    scale = fit_scales(fmt, rows, np.ones(40))
    assert np.allclose(nearest(fmt, rows / scale[:, None]) * scale[:, None], rows, rtol=1e-9)


def test_scale_search_beats_the_largest_weight() -> None:
    rows = np.random.default_rng(5).normal(size=(32, 144))
    for fmt, gain in ((Format.FIXED4, 0.75), (Format.POT4, 0.98)):
        plain = np.abs(rows).max(axis=1) / levels(fmt)[-1]
        error = [
            np.square(rows - nearest(fmt, rows / s[:, None]) * s[:, None]).sum()
            for s in (fit_scales(fmt, rows, np.ones(144)), plain)
        ]
        assert error[0] < gain * error[1]


def test_feedback_lowers_the_output_error() -> None:
    rng = np.random.default_rng(6)
    x = rng.normal(size=(2000, 30)) @ rng.normal(size=(30, 30))
    rows, formats = rng.normal(size=(8, 30)), (Format.POT4,) * 8
    moments = x.T @ x / len(x)
    scale = fit_scales(Format.POT4, rows, np.diag(moments))
    plain = nearest(Format.POT4, rows / scale[:, None])
    fed = round_with_feedback(formats, rows, scale, moments)
    assert is_representable(Format.POT4, fed)
    error = [np.square((rows - c * scale[:, None]) @ x.T).sum() for c in (fed, plain)]
    assert error[0] < 0.7 * error[1]
    assert np.array_equal(round_with_feedback(formats, rows, scale, np.eye(30)), plain)


def tensor(scale: float, zero: int = 0, bits: int = 8) -> Tensor:
    return Tensor(name="t", shape=(1, 1, 1), bits=bits, signed=False, scale=scale, zero_point=zero)


@given(st.floats(0.01, 3.0))
def test_thresholds_carry_over_exactly(unit: float) -> None:
    old = Thresholds(levels=np.array([[-500, 3, 700, UNREACHABLE]]), first=0)
    new = rescaled_requant(old, np.array([unit]), tensor(1.0), tensor(1.0))
    edges = [int(level / unit) + step for level in (-500, 3, 700) for step in range(-2, 3)]
    expect = [
        sum(Fraction(acc) * Fraction(unit) >= level for level in old.levels[0].tolist())
        for acc in edges
    ]
    assert apply(new, np.array(edges)[:, None], 0)[:, 0].tolist() == expect


def test_thresholds_to_fewer_codes() -> None:
    codes = np.arange(1, 256)
    old = Thresholds(levels=(codes * 10)[None, :], first=0)
    wide, narrow = tensor(0.1), tensor(1.7, bits=4)
    new = rescaled_requant(old, np.ones(1), wide, narrow)
    acc = np.arange(0, 2600)[:, None]
    real = apply(old, acc, 0) * 0.1
    assert np.array_equal(apply(new, acc, 0), np.clip(np.rint(real / 1.7), 0, 15))


@pytest.mark.parametrize("bits", [8, 4])
@pytest.mark.parametrize("unit", [1.0, 0.8047, 1.2471, 0.0312])
def test_straight_rows_stay_what_one_multiplication_gives(bits: int, unit: float) -> None:
    """Levels that were rounded once already, as int8 sources have them."""
    levels = np.ceil((np.arange(255) - 151.37) * 35.446).astype(np.int64)
    old, wide = Thresholds(levels=levels[None, :], first=0), tensor(0.17, 24)
    out = wide if bits == 8 else tensor(2.1, 3, bits=4)
    new = rescaled_requant(old, np.array([unit]), wide, out)
    reach = Reach(low=np.array([-(1 << 20)]), high=np.array([1 << 20]))
    records = fit_records("fc", new, out, reach, 1 << 32)
    acc = np.arange(-9000, 9000)[:, None]
    assert np.array_equal(evaluate_record(records, acc), apply(new, acc, out.zero_point) - out.lo)
    ideal = np.ceil((np.arange(255) - 151.37) * 35.446 / unit)
    if bits == 8:
        assert np.abs(new.levels[0] - ideal).max() <= max(1.0, 1 / unit)


def test_two_step_keeps_untouched_rows() -> None:
    old = TwoStep(
        multiplier=np.array([1 << 30, 20000 << 16]), shift=np.array([-3, -9]), lo=128, hi=255
    )
    wide = tensor(0.1, 128)
    same = rescaled_requant(old, np.array([1.0, 2.0]), wide, wide)
    assert isinstance(same, TwoStep)
    assert (same.multiplier[0], same.shift[0], same.shift[1]) == (1 << 30, -3, -8)
    narrow = rescaled_requant(old, np.ones(2), wide, tensor(0.8, 0, bits=4))
    assert isinstance(narrow, TwoStep)
    assert (narrow.lo, narrow.hi, narrow.shift[0]) == (0, 15, -6)  # the ReLU stays at zero


def test_sum_table_rounds_once_and_clamps() -> None:
    a, b, out = tensor(0.25, 3, 4), tensor(0.5, 0, 4), tensor(1.0, 2, 4)
    table = sum_table(a, b, out, 2, 15)
    exact = 0.25 * (np.arange(16) - 3)[:, None] + 0.5 * np.arange(16)[None, :]
    assert np.array_equal(table, np.clip(np.floor(exact + 0.5) + 2, 2, 15))


@settings(max_examples=4)
@given(st.integers(0, 2**32 - 1))
def test_random_networks_stay_valid(seed: int) -> None:
    rng = np.random.default_rng(seed)
    model = all_fixed8(random_model(rng, formats=(Format.FIXED8,), layers=4, raw_last=None))
    calib = random_codes(model, rng, 24)
    for act_bits, frames in ((8, None), (8, calib), (4, calib)):
        mixed = quantize(model, slots=ZEDBOARD, act_bits=act_bits, calib=frames)
        verify(mixed)
        for layer in mixed.layers:
            if isinstance(layer, Conv):
                blocks = [layer.formats[i : i + 32] for i in range(0, len(layer.formats), 32)]
                assert all(b.count(Format.FIXED8) <= 1 for b in blocks)
        inner = set(mixed.tensors) - {mixed.input, *mixed.outputs}
        kept = {t for t in inner if model.tensors[t] == mixed.tensors[t]}
        assert act_bits == 4 or kept == inner


def test_levels_of_the_new_format_keep_their_numbers() -> None:
    rng = np.random.default_rng(7)
    model = random_model(rng, formats=(Format.BINARY, Format.TERNARY), act_bits=2, layers=5)
    mixed = quantize(model, slots=ZC706, act_bits=4, calib=random_codes(model, rng, 8))
    codes = random_codes(model, rng, 8)
    before, after = golden.run(model, codes), golden.run(mixed, codes)
    assert all(np.array_equal(before[name], after[name]) for name in before)
    assert {f for layer in mixed.layers if isinstance(layer, Conv) for f in layer.formats} <= {
        Format.POT4,
        Format.FIXED4,
        Format.FIXED8,
    }


def test_four_bit_activations_need_frames() -> None:
    model = random_model(np.random.default_rng(8), formats=(Format.FIXED8,), layers=5)
    sentence = (
        r"^Quantize act_bits=4 must have calibration frames to choose the activation scales; "
        r"give --calib images\.npy$"
    )
    with pytest.raises(ParameterError, match=sentence):
        quantize(model, slots=ZC706, act_bits=4)
    with pytest.raises(ParameterError, match=r"^Quantize act_bits must be 4 or 8, not 5$"):
        quantize(model, slots=ZC706, act_bits=5)


@pytest.mark.parametrize(("slots", "least"), [(ZC706, 0.98), (ZEDBOARD, 0.98)], ids=str)
def test_digits_keep_their_accuracy(slots: Slots, least: float) -> None:
    digits = network.load()
    assert network.float_accuracy(digits) >= 0.97
    model = network.int8_model(digits)
    verify(model)
    images, calib = digits.images.astype(np.int64), digits.calibration.astype(np.int64)
    mixed = quantize(model, slots=slots, act_bits=4, calib=calib)
    verify(mixed)
    assert accuracy(mixed, images, digits.labels) >= least


def test_all_fixed8_changes_nothing() -> None:
    rng = np.random.default_rng(9)
    model = random_model(rng, formats=(Format.FIXED8,), layers=6)
    same = quantize(model, slots=parse_slots("0:0:16"))
    codes = random_codes(model, rng, 4)
    before, after = golden.run(model, codes), golden.run(same, codes)
    assert all(np.array_equal(before[name], after[name]) for name in before)


@pytest.mark.parametrize(("act_bits", "least"), [(8, 0.68), (4, 0.60)])
def test_resnet8_keeps_most_of_its_accuracy(act_bits: int, least: float) -> None:
    model = load_tflite(shared_data("models/resnet8_int8/pretrainedResnet_quant.tflite"))
    images, labels = cifar.images(shared_data(cifar.ARCHIVE), each=25)
    codes = golden.preprocess(model, images)
    calib, unseen = codes[::5], np.arange(len(codes)) % 5 != 0
    mixed = quantize(model, slots=ZC706, act_bits=act_bits, calib=calib)
    verify(mixed)
    assert accuracy(mixed, codes[unseen], labels[unseen]) >= least


def test_wide_outputs_of_a_narrow_network_become_raw() -> None:
    digits = network.load()
    images, calib = digits.images[:64].astype(np.int64), digits.calibration.astype(np.int64)
    model = network.int8_model(digits)
    mixed = quantize(model, slots=parse_slots("0:0:16"), act_bits=4, calib=calib)
    before, after = (
        golden.dequantise(m, "head", golden.run(m, images, keep=("head",))["head"])
        for m in (model, mixed)
    )
    assert mixed.tensors["head"].bits == 32
    assert {t.bits for name, t in mixed.tensors.items() if name not in ("input", "head")} == {4}
    assert np.corrcoef(before.ravel(), after.ravel())[0, 1] > 0.99
    assert np.abs(before - after).mean() < 0.1 * np.abs(before).mean()
