# SPDX-License-Identifier: Apache-2.0
"""hg_requant: every beat equals the golden model's, at the cycle of its cost."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hlsgen.engines.records import Records, evaluate_record
from hlsgen.stages.requant import RequantSpec, RowRecords, codes, golden, record_fields
from tests.rtl.scripted import hex_lines, run_script

pytestmark = pytest.mark.rtl

# act_bits, rows, pixels, drain, acc_w, mult_w, record_depth
DESIGNS = {
    "w4_pairs": (4, 48, 6, 2, 32, 34, 128),
    "w4_one_step": (4, 16, 10, 2, 20, 17, 32),
    "w8_pairs": (8, 16, 4, 2, 28, 34, 256),
    "w8_one_step": (8, 8, 2, 2, 25, 17, 256),
    "w8_many": (8, 128, 2, 1, 32, 34, 512),
    "zc706": (4, 64, 10, 2, 24, 17, 128),
}
JOBS = 14
SIZES = ((1, 1), (1, 3), (2, 1), (5, 7))  # columns and rows of the output
WIDTHS = (32, 32, 32, 32, 6, 1, 1, 16, 8, 8, 4, 4, 4, 1)


def spec_of(name: str) -> RequantSpec:
    names = ("act_bits", "rows_n", "pixels_n", "drain_n", "acc_w", "mult_w", "record_depth")
    return RequantSpec(**dict(zip(names, DESIGNS[name], strict=True)))


def params_of(spec: RequantSpec) -> dict[str, int]:
    return {
        "ActBits": spec.act_bits,
        "RowsN": spec.rows_n,
        "PixelsN": spec.pixels_n,
        "DrainN": spec.drain_n,
        "AccW": spec.acc_w,
        "MultW": spec.mult_w,
        "RecordDepth": spec.record_depth,
    }


def random_records(rng: np.random.Generator, spec: RequantSpec) -> RowRecords:
    """Records of a block: usual ones, ties everywhere, and every extreme."""
    shape = (spec.steps_n, spec.lanes_n)
    # 0 usual, 1 ties, 2 any, 3 extremes, 4 nearly ties, 5 rounding at the end of y's range
    style = rng.integers(0, 6, shape)
    mult_max = (1 << spec.mult_bits) - 1
    mult = np.where(
        style == 1, 1 << rng.integers(0, 4, shape), rng.integers(0, mult_max + 1, shape)
    )
    mult = np.where(style == 3, rng.choice([0, 1, mult_max], shape), mult)
    # The usual shift brings an accumulator of acc_w - 4 bits to a code
    bits = np.log2(np.maximum(mult, 1)).astype(np.int64) + spec.acc_w - 4 - spec.act_bits
    shift = np.clip(bits - rng.integers(0, 3, shape), 0, 57)
    shift = np.where(style == 1, rng.integers(0, 6, shape), shift)
    shift = np.where((style == 2) | (style == 3), rng.integers(0, 58, shape), shift)
    # Lost bits below a whole 16 only: a tie but for them
    shift = np.where(style == 4, rng.choice([16, 32], shape), shift)
    near = np.exp2(shift - spec.acc_w + 6 + spec.act_bits + rng.random(shape))
    mult = np.where(style == 4, np.clip(near.astype(np.int64), 1, mult_max), mult)
    wide = rng.integers(-(1 << 31), 1 << 31, (3, *shape))
    wide = np.where(style == 3, rng.choice([-(1 << 31), (1 << 31) - 1, 0, -1], wide.shape), wide)
    small = rng.integers(-40, 40, (3, *shape))
    bias, off_pos, off_neg = np.where((style == 2) | (style == 3), wide, small)
    usual = (style == 0) | (style >= 4)
    lo = rng.integers(0, 128, shape)
    z = np.where(
        style == 3, rng.choice([-32768, 32767, -32600], shape), rng.integers(-9, 256, shape)
    )
    for field, value in ((mult, 1), (shift, 1), (bias, 65535), (off_pos, 0), (off_neg, 0)):
        field[style == 5] = value
    z[style == 5] = -32600
    route = np.stack([rng.permutation(spec.steps_n) for _ in range(spec.lanes_n)], axis=1)
    return RowRecords(
        bias=bias,
        mult=mult,
        off_pos=np.where(style == 1, 0, off_pos),
        off_neg=np.where(style == 1, 0, off_neg),
        shift=shift,
        tie_even=np.where(style == 4, 1, rng.integers(0, 2, shape)),
        tie_parity=rng.integers(0, 2, shape),
        z=z,
        lo=np.where(usual, 0, lo),
        hi=np.where(usual, 255, rng.integers(lo, 256)),
        sg=np.stack([rng.permutation(spec.steps_n) for _ in range(spec.lanes_n)], axis=1),
        xl=rng.integers(0, spec.lanes_n, shape),
        dg=route,
        dv=(rng.random(shape) < 0.9).astype(np.int64),
    )


def random_acc(rng: np.random.Generator, spec: RequantSpec) -> np.ndarray:
    """Accumulators of a tile [T, P]: small ones, large ones and the ends of the range."""
    shape = (spec.rows_n, spec.pixels_n)
    top = 1 << (spec.acc_w - 1)
    style = rng.integers(0, 4, shape)
    wide = rng.integers(-top, top, shape)
    narrow = rng.integers(-200, 200, shape)
    ends = rng.choice([-top, top - 1, 0, -1, 1], shape)
    return np.where(
        style == 0, wide, np.where(style == 1, wide >> 4, np.where(style == 2, narrow, ends))
    )


def record_bits(records: RowRecords, step: int, lane: int) -> int:
    total, at = 0, 0
    for name, width in zip(record_fields(), WIDTHS, strict=True):
        value = int(getattr(records, name)[step, lane])
        total |= (value & ((1 << width) - 1)) << at
        at += width
    return total


def job_bits(
    rng: np.random.Generator, *, blocks: int, tiles: int, kind: int, add: bool, hold: bool,
    size: tuple[int, int],
):  # fmt: skip
    desc = int.from_bytes(rng.bytes(128), "little")
    places = ((0, 0, 8, 3), (0, 24, 1, hold), (3, 0, 16, blocks), (3, 16, 16, tiles))
    places += ((3, 40, 8, kind), (4, 16, 16, size[0]), (4, 32, 16, size[1]), (7, 48, 1, add))
    for beat, low, width, value in places:
        at = 64 * beat + low
        desc = desc & ~(((1 << width) - 1) << at) | int(value) << at
    return desc


class Script:
    """What the bench reads, grown job by job."""

    def __init__(self, spec: RequantSpec, seed: int) -> None:
        self.spec, self.rng = spec, np.random.default_rng(seed)
        self.files: dict[str, list[int]] = {
            name: [] for name in ("jobs", "records", "sp2", "tiles", "beats", "entries")
        }
        self.sel = 1

    def pool(self) -> None:
        desc = int.from_bytes(self.rng.bytes(128), "little") & ~255 | 4
        self.files["jobs"].append(desc)

    def conv(self, *, repeats: int) -> None:
        """A layer, run `repeats` times from the same records (hold)."""
        rng, spec = self.rng, self.spec
        add = bool(rng.random() < 0.4)
        room = (spec.record_depth - spec.table_records_n * add) // (spec.rows_n + 1)
        blocks = int(rng.integers(1, 4))
        blocks = min(blocks, room) if repeats > 1 else blocks
        raw = bool(rng.random() < 0.25)
        tables = [int(v) for v in rng.integers(-(1 << 35), 1 << 35, 2 << spec.act_bits)]
        content = [
            (random_records(rng, spec), rng.integers(0, 2, spec.rows_n)) for _ in range(blocks)
        ]
        self._records(tables if add else [], content)
        for repeat in range(repeats):
            tiles = int(rng.integers(1, 5))
            kind = 2 if raw else int(rng.integers(0, 2))
            hold = repeat < repeats - 1
            size = SIZES[int(rng.integers(0, len(SIZES)))]
            self.files["jobs"].append(
                job_bits(rng, blocks=blocks, tiles=tiles, kind=kind, add=add, hold=hold, size=size)
            )
            if add:
                self._entries(tables)
            for records, flags in content:
                self.files["sp2"].append(sum(int(flag) << t for t, flag in enumerate(flags)))
                for _ in range(tiles):
                    self._tile(records, raw, lone=raw and size == (1, 1))

    def _records(self, tables: list[int], content: list) -> None:
        spec, out = self.spec, self.files["records"]
        tables = tables + [0] * (-len(tables) % 3)
        beats = [value & ((1 << 64) - 1) for value in tables]
        out += [
            beats[i] | beats[i + 1] << 64 | beats[i + 2] << 128 for i in range(0, len(beats), 3)
        ]
        for records, flags in content:
            out.append(sum(int(flag) << t for t, flag in enumerate(flags)))
            pairs = ((step, lane) for step in range(spec.steps_n) for lane in range(spec.lanes_n))
            out += [record_bits(records, step, lane) for step, lane in pairs]

    def _entries(self, tables: list[int]) -> None:
        self.sel ^= 1
        size = 37 + self.spec.act_bits
        for index, value in enumerate(tables):
            self.files["entries"].append(self.sel << size | index << 36 | value & ((1 << 36) - 1))

    def _tile(self, records: RowRecords, raw: bool, *, lone: bool) -> None:
        """A tile's sums and beats; of a tensor of one pixel (`lone`) only the first pair comes."""
        spec = self.spec
        acc = random_acc(self.rng, spec)
        mask = (1 << spec.acc_w) - 1
        flat = acc.reshape(-1)
        self.files["tiles"].append(
            sum((int(v) & mask) << spec.acc_w * i for i, v in enumerate(flat))
        )
        beats, written = golden(spec, records, acc, raw=raw)
        bytes_n = beats.shape[1]
        pairs = 1 if lone else spec.pixels_n // spec.drain_n
        for pair in range(pairs):
            for byte in range(bytes_n):
                for group in range(spec.steps_n):
                    pixels = beats[pair * spec.drain_n : (pair + 1) * spec.drain_n, byte, group]
                    data = int.from_bytes(pixels.astype(np.uint8).tobytes(), "little")
                    lanes = sum(int(w) << lane for lane, w in enumerate(written[group]))
                    end = pair + 1 == pairs and byte == bytes_n - 1
                    tag = (int(end and group == spec.steps_n - 1) << 2 | byte) << 4 | group
                    line = (tag << spec.lanes_n | lanes) << 8 * spec.lanes_n * spec.drain_n | data
                    self.files["beats"].append(line)

    def write(self, folder: Path) -> dict[str, int]:
        for name, values in self.files.items():
            (folder / f"{name}.hex").write_text(hex_lines(values))
        counted = ("jobs", "records", "beats", "entries")
        return {name: len(self.files[name]) for name in counted}


@pytest.mark.parametrize("name", DESIGNS, ids=list(DESIGNS))
def test_requant_beats_match_golden(name: str, tmp_path: Path) -> None:
    spec = spec_of(name)
    for seed, stall in ((1, 0), (2, 50)):
        script = Script(spec, seed)
        for index in range(JOBS):
            if index % 5 == 3:
                script.pool()
            script.conv(repeats=int(script.rng.choice([1, 1, 2, 3])))
        run_script(
            "requant", params_of(spec), tmp_path, stall=stall, seed=seed, **script.write(tmp_path)
        )


def test_requant_codes_equal_the_engine_records() -> None:
    spec = spec_of("w4_pairs")
    rng = np.random.default_rng(3)
    records = random_records(rng, spec)
    acc = random_acc(rng, spec).T.reshape(-1, spec.steps_n, spec.lanes_n)
    names = record_fields()[:10]
    flat = Records(**{name: getattr(records, name).reshape(-1) for name in names})
    want = evaluate_record(flat, acc.reshape(len(acc), -1)).reshape(acc.shape)
    assert (codes(records, acc) == want).all()
