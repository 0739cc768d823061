# SPDX-License-Identifier: Apache-2.0
"""Array: rows of mixed weight formats x input-channel lanes x output pixels (formats §4).

A k-step multiplies P pixels of N lanes with one weight word and adds to T x P accumulators.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hlsgen.errors import ParameterError

SP2_LEVELS = np.array((0, 1, 2, 4, 5, 6, 8, 0), np.int64)
_ROWS_MAX = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class ArraySpec:
    """Sizes of the array; each field is a parameter of hg_array."""

    act_bits: int  # bits of an activation, 4 or 8
    pot4_n: int  # rows of power-of-two weights
    fixed4_n: int  # rows of 4-bit weights (two's complement or sp2), even
    fixed8_n: int  # rows of 8-bit weights
    lanes_n: int  # input-channel lanes, a power of two
    pixels_n: int  # output pixels, even
    acc_w: int  # bits of an accumulator

    def __post_init__(self) -> None:
        rules = (
            (self.act_bits in (4, 8), "act_bits", "4 or 8"),
            (self.pot4_n >= 0, "pot4_n", "at least 0"),
            (self.fixed4_n >= 0 and self.fixed4_n % 2 == 0, "fixed4_n", "even"),
            (self.fixed8_n >= 0, "fixed8_n", "at least 0"),
            (1 <= self.rows_n <= _ROWS_MAX, "rows_n", f"in 1..{_ROWS_MAX}"),
            (self.lanes_n in (1, 2, 4, 8, 16), "lanes_n", "a power of two up to 16"),
            (self.pixels_n in range(2, 17, 2), "pixels_n", "even, in 2..16"),
            (self.sum_w <= self.acc_w <= 32, "acc_w", f"in {self.sum_w}..32"),
        )
        for good, name, rule in rules:
            if not good:
                raise ParameterError(f"Array {name} must be {rule}, not {getattr(self, name)!r}")

    @property
    def rows_n(self) -> int:
        """Rows of the array, T."""
        return self.pot4_n + self.fixed4_n + self.fixed8_n

    @property
    def sum_w(self) -> int:
        """Bits of the widest sum of a k-step, signed."""
        lanes_w = (self.lanes_n - 1).bit_length()
        if self.fixed8_n:
            return self.act_bits + 8 + lanes_w
        return self.act_bits + (7 if self.pot4_n else 5) + lanes_w

    @property
    def latency(self) -> int:
        """Cycles from the last k-step of a tile to d_start."""
        return self.lanes_n + 8

    @property
    def products_n(self) -> int:
        """Products of a cycle."""
        return self.rows_n * self.lanes_n * self.pixels_n


@dataclass(frozen=True, slots=True, kw_only=True)
class ArraySteps:
    """K-steps in order; arrays are indexed by step first."""

    acts: NDArray[np.uint8]  # [steps, P, N] stored codes
    codes: NDArray[np.uint8]  # [steps, N, T] weight codes by slot
    sp2: NDArray[np.bool_]  # [steps, T] flags of the slots
    first: NDArray[np.bool_]  # [steps] clear
    shift: NDArray[np.bool_]  # [steps] shift left by act_bits
    last: NDArray[np.bool_]  # [steps] end of a tile


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrayCost:
    """Cycles of a number of k-steps, and resources."""

    cycles: int
    lut: int
    ff: int
    dsp: int
    bram36: int = 0


def decode_weights(
    spec: ArraySpec, codes: NDArray[Any], sp2: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Weights of codes [steps, N, T]; sp2 [steps, T]."""
    code = codes.astype(np.int64)
    pot_end, fixed4_end = spec.pot4_n, spec.pot4_n + spec.fixed4_n
    power = np.where(code & 7, 1 << np.maximum((code & 7) - 1, 0), 0)
    pot4 = np.where(code & 8, -power, power)
    level = SP2_LEVELS[code & 7]
    signed = np.where(code & 8, -level, level)
    fixed4 = np.where(sp2[:, None, :], signed, ((code & 15) ^ 8) - 8)
    fixed8 = (code ^ 128) - 128
    slot = np.arange(spec.rows_n)
    return np.where(slot < pot_end, pot4, np.where(slot < fixed4_end, fixed4, fixed8))


def golden(spec: ArraySpec, steps: ArraySteps) -> NDArray[np.int64]:
    """Accumulators [tiles, T, P] at each `last` step."""
    weights = decode_weights(spec, steps.codes, steps.sp2)
    acts = steps.acts.astype(np.int64)
    low = np.where(np.arange(spec.rows_n) < spec.pot4_n, 0, 1 << (spec.act_bits - 1))
    # sum w * (u - low) = sum w * u - low * sum w
    sums = np.einsum("snt,spn->stp", weights, acts) - (low * weights.sum(1))[:, :, None]
    tiles, acc = [], np.zeros(sums.shape[1:], np.int64)
    for index in range(len(sums)):
        old = 0 if steps.first[index] else acc << spec.act_bits * int(steps.shift[index])
        acc = old + sums[index]
        if steps.last[index]:
            tiles.append(acc)
    return np.stack(tiles) if tiles else np.zeros((0, *sums.shape[1:]), np.int64)


def cost(spec: ArraySpec, steps: int = 0) -> ArrayCost:
    """Cycles from the first k-step to d_start, and resources as Yosys counts them (7 series)."""
    pairs = spec.lanes_n * spec.pixels_n // 2
    quads = spec.act_bits == 4
    fixed4_dsp = spec.fixed4_n // 2 * pairs if quads else spec.fixed4_n * pairs
    parts = [
        (spec.pot4_n, _pot4(spec)),
        (spec.fixed4_n // 2, _fixed4(spec)),
        (spec.fixed8_n, _fixed8(spec)),
        (1, _operands(spec)),
    ]
    controls = -(-spec.rows_n // (128 // spec.pixels_n))
    return ArrayCost(
        cycles=steps + spec.latency if steps else 0,
        lut=round(sum(n * lut for n, (lut, _) in parts)) + spec.fixed4_n + 8,
        ff=sum(n * ff for n, (_, ff) in parts) + spec.fixed4_n + spec.lanes_n + 8 + 4 * controls,
        dsp=fixed4_dsp + spec.fixed8_n * pairs,
    )


def _chain(spec: ArraySpec, bits: int) -> int:
    """Lanes of a cascade of DSPs on rows of 4 or 8 bits."""
    if bits == 4:
        return min(spec.lanes_n, 4) if spec.act_bits == 4 else spec.lanes_n
    return min(spec.lanes_n, 2) if spec.act_bits == 8 else spec.lanes_n


# LUT and FF of parts; a name says which module of templates/rtl it stands for


def _delay(bits: int, cycles: int) -> tuple[int, int]:
    """hg_delay: from 3 cycles on a shift register of LUTs."""
    return (0, bits * cycles) if cycles < 3 else (bits * -(-cycles // 16), 0)


def _skew(spec: ArraySpec, bits: int, cycles: int, chain: int) -> tuple[int, int]:
    """Lane n is delayed by n mod chain cycles more than lane 0."""
    lanes = [_delay(bits, cycles + n % chain) for n in range(spec.lanes_n)]
    return sum(lut for lut, _ in lanes), sum(ff for _, ff in lanes)


def _accumulators(spec: ArraySpec) -> tuple[int, int]:
    """hg_row_acc: sum and shadow of each pixel, controls of each pair."""
    bits = spec.pixels_n * spec.acc_w
    return bits, 2 * bits + 5 * spec.pixels_n // 2


def _pot4(spec: ArraySpec) -> tuple[float, int]:
    """hg_row_pot4: shift (A4 4 LUTs, A8 11) and adder of a product, masks of a group of pixels."""
    n, p = spec.lanes_n, spec.pixels_n
    four = spec.act_bits == 4
    shift, masks, groups = (4, 4.6, -(-p // 6)) if four else (11, 2.0, -(-p // 4))
    sum_w = spec.act_bits + 7 + (n - 1).bit_length()
    acc_lut, acc_ff = _accumulators(spec)
    lut = p * (n * (shift + spec.act_bits + 6) + four) + groups * masks * n
    ff = p * n * (shift + sum_w) + groups * (8 if four else 7) * n
    return lut + acc_lut + 4.75 * n + 7, ff + acc_ff + n // 2 + 22


def _dsp_rows(spec: ArraySpec, bits: int, weight_w: int, first: int) -> tuple[int, int]:
    """hg_row_dsp2, and half of hg_row_quad: skewed weights, sums of the chains, accumulators."""
    n, p, chain = spec.lanes_n, spec.pixels_n, _chain(spec, bits)
    chains = n // chain
    start = n + 4 - chain - (chains - 1).bit_length()
    skew_lut, skew_ff = _skew(spec, weight_w, start - first - 1, chain)
    quad = bits == 4 and spec.act_bits == 4
    term_w = 10 if quad else 16
    acc_lut, acc_ff = _accumulators(spec)
    copies = -(-p // 8) * n * weight_w
    sums = p * (chains - 1)
    return acc_lut + sums * term_w + skew_lut, acc_ff + sums * (term_w + 2) + skew_ff + copies


def _fixed4(spec: ArraySpec) -> tuple[int, int]:
    """hg_row_fixed4, a pair of rows: decoded weights, packed ones at 4-bit activations."""
    n = spec.lanes_n
    lut, ff = _dsp_rows(spec, 4, 5, 3 if spec.act_bits == 4 else 2)
    packing = (n, 10 * n) if spec.act_bits == 4 else (0, 0)
    return 2 * lut + 10 * n + packing[0], 2 * ff + 18 * n + packing[1]


def _fixed8(spec: ArraySpec) -> tuple[int, int]:
    """hg_row_fixed8: a register of the weights, hg_row_dsp2."""
    lut, ff = _dsp_rows(spec, 8, 8, 1)
    return lut, ff + 8 * spec.lanes_n


def _operands(spec: ArraySpec) -> tuple[int, int]:
    """hg_act_pairs and hg_act_skew: activations in copies for a number of rows each."""
    n, p, a = spec.lanes_n, spec.pixels_n, spec.act_bits
    lut, ff = 0, 0
    if spec.fixed4_n + spec.fixed8_n:
        lut, ff = p // 2 * n, p // 2 * n * (2 * a + 1)
    share4 = 8 if a == 4 else 2
    leaves = (
        (spec.pot4_n, 16, p * a, n, 5),
        (spec.fixed4_n // 2, share4, p // 2 * (2 * a + 1), _chain(spec, 4), None),
        (spec.fixed8_n, 4, p // 2 * (2 * a + 1), _chain(spec, 8), None),
    )
    for rows, share, bits, chain, cycles in leaves:
        if rows:
            late = n + 3 - chain - (n // chain - 1).bit_length() if cycles is None else cycles
            more_lut, more_ff = _skew(spec, bits, late - 1, chain)
            lut, ff = lut + more_lut, ff + more_ff + -(-rows // share) * bits * n
    return lut, ff
