# SPDX-License-Identifier: Apache-2.0
"""A plain reading of docs/spec/formats.md: runs the bytes of a project, sequentially, in numpy.

It shares no code with the packer but the parameters of the design. Waits are ignored: the order
of the program must already be right.
"""

from __future__ import annotations

import numpy as np

from hlsgen.engines.mixed import MixedSpec

SP2 = np.array([0, 1, 2, 4, 5, 6, 8, 0])


def _field(beat: int, high: int, low: int, signed: bool = False) -> int:
    width = high - low + 1
    value = (beat >> low) & ((1 << width) - 1)
    return value - (1 << width) if signed and value >> (width - 1) else value


class Machine:
    """One engine with its memories; `run` executes the program once per frame."""

    def __init__(self, spec: MixedSpec, program: bytes, weights: bytes, scratch: int, out: int):
        self.spec, self.program, self.weights = spec, program, weights
        self.act = np.random.default_rng(7).integers(
            0, 1 << 63, (spec.banks_n, spec.act_depth), dtype=np.uint64
        )
        self.buffers = {0: bytearray(), 1: bytearray(scratch), 2: bytearray(out)}
        self.stream: list[tuple[str, object]] = []
        self.monitored: dict[int, tuple[np.ndarray, np.ndarray | None]] = {}

    def beat(self, at: int) -> int:
        return int.from_bytes(self.program[at : at + 8], "little")

    def run(self, frame: bytes) -> bytes:
        self.buffers[0] = bytearray(frame)
        assert self.beat(0) & 0xFFFFFFFF == 0x52504748
        for index in range(_field(self.beat(0), 63, 48)):
            b = [self.beat(128 * (index + 1) + 8 * i) for i in range(8)]
            op = _field(b[0], 7, 0)
            if op == 1:
                self.fetch(b)
            elif op in (2, 5):
                self.move(b, store=op == 5)
            elif op == 3:
                self.monitored[index] = self.conv(b)
            else:
                self.monitored[index] = (self.pool(b), None)
        assert self.stream == []
        return bytes(self.buffers[2])

    def fetch(self, b: list[int]) -> None:
        s = self.spec
        offset, stride = _field(b[2], 31, 0), _field(b[2], 63, 32)
        blocks, rows = _field(b[3], 15, 0), _field(b[3], 31, 16)
        k, tables = _field(b[3], 47, 32), _field(b[3], 63, 48)
        beats = _field(b[4], 31, 0)
        ports = [
            np.frombuffer(self.weights, "<u8", beats, offset + i * stride)
            for i in range(s.weight_ports_n)
        ]
        flat = np.stack(ports, 1).reshape(-1)
        at = 0

        def record() -> list[int]:
            nonlocal at
            found = [int(v) for v in flat[at : at + 3]]
            at += -(-3 // s.weight_ports_n) * s.weight_ports_n
            return found

        if tables:
            self.stream.append(("table", [record() for _ in range(tables)]))
        for _ in range(blocks):
            header = record()
            records = [record() for _ in range(rows)]
            size = k * s.word_beats_n
            words = flat[at : at + size].reshape(k, -1)
            at += -(-size // s.weight_ports_n) * s.weight_ports_n
            self.stream.append(("block", (header, records, words)))
        assert at == flat.size

    def place(self, y, x, base, phase_stride, pitch, sv, off):
        phase = (y % sv) * sv + x % sv
        q = (y // sv) * pitch + x // sv + (x % sv) * off
        return q % self.spec.banks_n, base + phase * phase_stride + q // self.spec.banks_n

    def move(self, b: list[int], store: bool) -> None:
        offset, which = _field(b[2], 31, 0), _field(b[2], 39, 32)
        run_bytes, runs, rows = _field(b[3], 31, 0), _field(b[3], 47, 32), _field(b[3], 63, 48)
        width, base = _field(b[4], 15, 0), _field(b[4], 31, 16)
        run_stride, pitch = _field(b[4], 47, 32), _field(b[4], 63, 48)
        sv, off, phase = _field(b[5], 3, 0), _field(b[5], 15, 8), _field(b[5], 31, 16)
        buffer = self.buffers[which]
        y, x = np.divmod(np.arange(rows * width), width)
        if not store and _field(b[6], 15, 0):
            q = (y % sv * sv + x % sv) * phase, (y // sv) * pitch + x // sv + (x % sv) * off
            self.image(b[6], buffer, offset, run_bytes, (rows, width), (base + q[0], q[1]))
            return
        for run in range(runs):
            bank, addr = self.place(y, x, base + run * run_stride, phase, pitch, sv, off)
            start = offset + run * run_bytes
            if store:
                data = self.act[bank, addr].astype("<u8").tobytes()
                buffer[start : start + len(data)] = data
            else:
                self.act[bank, addr] = np.frombuffer(buffer, "<u8", rows * width, start)

    def image(self, b, buffer, offset, run_bytes, shape, place) -> None:
        """Beats of neighbouring pixels from rows of bytes."""
        s = self.spec
        beats, step, lead = _field(b, 15, 0), _field(b, 23, 16), _field(b, 31, 24)
        pad, tail, plane_stride = _field(b, 39, 32), _field(b, 42, 40), _field(b, 63, 48)
        used = 8 * beats - (8 - tail if tail else 0)
        rows, width = shape
        found = np.zeros((rows, width, s.group_lanes_n), np.uint64)
        for y in range(rows):
            row = np.frombuffer(buffer, np.uint8, used, offset + y * run_bytes)
            at = np.arange(width)[:, None] * step - lead + np.arange(s.group_lanes_n)[None, :]
            inside = (at >= 0) & (at < used)
            found[y] = np.where(inside, row[np.clip(at, 0, used - 1)], pad)
        base, q = place
        shifts = np.arange(s.group_lanes_n, dtype=np.uint64) * np.uint64(s.act_bits)
        for plane in range(1 + _field(b, 43, 43)):
            piece = found >> np.uint64(s.act_bits * plane) & np.uint64((1 << s.act_bits) - 1)
            lanes = np.bitwise_or.reduce(piece << shifts, axis=2)
            far = q + plane * s.banks_n // 2
            bank, addr = far % s.banks_n, base + plane * plane_stride + far // s.banks_n
            self.act[bank, addr] = lanes.reshape(-1)

    def taps(self, b: list[int]) -> list[dict[str, int]]:
        found = []
        for i in range(_field(b[2], 47, 32)):
            at = _field(b[2], 31, 0) + 16 * i
            t0, t1 = self.beat(at), self.beat(at + 8)
            found.append(
                {
                    "base": _field(t0, 15, 0),
                    "q": _field(t0, 31, 16, True),
                    "cs": _field(t0, 43, 32),
                    "sub0": _field(t0, 47, 44),
                    "cg": _field(t0, 63, 48),
                    "plane": _field(t1, 15, 0),
                    "y": (_field(t1, 27, 16), _field(t1, 39, 28)),
                    "x": (_field(t1, 51, 40), _field(t1, 63, 52)),
                }
            )
        return found

    def lanes(self, beats: np.ndarray) -> np.ndarray:
        s = self.spec
        shifts = np.arange(s.group_lanes_n, dtype=np.uint64) * np.uint64(s.act_bits)
        return ((beats[..., None] >> shifts) & np.uint64((1 << s.act_bits) - 1)).astype(np.int64)

    def pixels(self, b: list[int]):
        wv, wo, ho = _field(b[4], 15, 0), _field(b[4], 31, 16), _field(b[4], 47, 32)
        assert _field(b[4], 55, 48) == self.spec.pixels_n // wv
        assert _field(b[4], 63, 56) == self.spec.pixels_n % wv
        tiles = _field(b[3], 31, 16)
        o = np.arange(tiles * self.spec.pixels_n)
        assert o.size >= (ho - 1) * wv + wo > o.size - self.spec.pixels_n
        return o, o // wv, o % wv, wo, ho

    def read(self, tap, plane: int, c: int, o, oy, ox, skew: int = 0):
        """Lanes of slice c at every pixel, and which pixels are valid."""
        s = self.spec
        index = tap["sub0"] + c
        q = o + tap["q"] + plane * skew * s.banks_n // 2
        base = tap["base"] + plane * tap["plane"] + index // s.slices_n * tap["cg"]
        beats = self.act[q % s.banks_n, (base + q // s.banks_n) % s.act_depth]
        first = s.lanes_n * (index % s.slices_n)
        valid = (tap["y"][0] <= oy) & (oy <= tap["y"][1])
        valid &= (tap["x"][0] <= ox) & (ox <= tap["x"][1])
        return self.lanes(beats)[:, first : first + s.lanes_n], valid

    def decode_words(self, words: np.ndarray, header: list[int]) -> np.ndarray:
        """Levels [K, N, T]."""
        s = self.spec
        bits = np.unpackbits(words.astype("<u8").view(np.uint8), axis=1, bitorder="little")
        found = np.zeros((words.shape[0], s.lanes_n, s.rows_n), np.int64)
        at = 0
        for n in range(s.lanes_n):
            for t in range(s.rows_n):
                width = 4 if t < s.pot4_n + s.fixed4_n else 8
                code = bits[:, at : at + width].astype(np.int64) @ (1 << np.arange(width))
                at += width
                if t < s.pot4_n:
                    low = code & 7
                    level = np.where(low == 0, 0, 1 << np.maximum(low - 1, 0))
                    level = np.where(code & 8, -level, level)
                elif width == 4 and header[t // 64] >> (t % 64) & 1:
                    level = np.where(code & 8, -SP2[code & 7], SP2[code & 7])
                else:
                    level = code - ((code >> (width - 1)) << width)
                found[:, n, t] = level
        return found

    def accumulate(self, b: list[int], levels: np.ndarray) -> np.ndarray:
        """Accumulators [pixels, T]."""
        s = self.spec
        o, oy, ox, _, _ = self.pixels(b)
        planes = _field(b[3], 39, 32)
        pads = (_field(b[3], 55, 48), _field(b[3], 63, 56))
        acc = np.zeros((o.size, s.rows_n), np.int64)
        half = np.where(np.arange(s.rows_n) < s.pot4_n, 0, 1 << (s.act_bits - 1))
        shared = _field(b[0], 26, 26)
        for plane in reversed(range(planes)):
            if plane != planes - 1:
                acc <<= s.act_bits
            word = 0
            for tap in self.taps(b):
                word = 0 if shared else word
                for c in range(tap["cs"]):
                    lanes, valid = self.read(tap, plane, c, o, oy, ox, _field(b[0], 27, 27))
                    acts = np.where(valid[:, None], lanes, pads[plane])
                    for n in range(s.lanes_n):
                        acc += (acts[:, n, None] - half[None, :]) * levels[word, n][None, :]
                    word += 1
            assert word == _field(b[2], 63, 48)
        limit = 1 << (s.acc_w - 1)
        assert -limit <= acc.min() and acc.max() < limit
        return acc

    def conv(self, b: list[int]):
        s = self.spec
        blocks = _field(b[3], 15, 0)
        kind = _field(b[3], 47, 40)
        add = _field(b[7], 48, 48)
        table = self.stream.pop(0) if add else None
        assert (table is None or table[0] == "table") and not _field(b[0], 24, 24)
        groups = _field(b[6], 47, 32)
        _, oy, ox, wo, ho = self.pixels(b)
        keep = (ox < wo) & (oy < ho)
        behind = np.zeros((groups * s.group_lanes_n, ho, wo), np.int64)
        total = np.zeros_like(behind)
        for block in range(blocks):
            tag, content = self.stream.pop(0)
            assert tag == "block"
            header, records, words = content
            acc = self.accumulate(b, self.decode_words(words, header))[keep]
            codes, valid = self.requantise(acc, records, raw=kind == 2)
            self.write_block(b, block, groups, codes, valid, table, behind, total)
        return behind, total if add else None

    def requantise(self, acc: np.ndarray, records: list[list[int]], raw: bool):
        """Values [pixels, T] by channel of the block, and which channels are written."""
        s = self.spec
        lanes, steps = s.group_lanes_n, s.row_groups_n
        out = np.zeros_like(acc)
        valid = np.zeros(s.rows_n, bool)
        for i in range(steps):
            row = records[i * lanes : (i + 1) * lanes]
            codes = []
            for lane, r in enumerate(row):
                x = acc[:, _field(r[2], 43, 40) * lanes + lane] + _field(r[0], 31, 0, True)
                assert x.min() >= -(1 << 32) and x.max() < 1 << 32
                codes.append(x if raw else self.code(x, r))
            for lane, r in enumerate(row):
                channel = _field(r[2], 51, 48) * lanes + lane
                if _field(r[2], 52, 52):
                    out[:, channel] = codes[_field(r[2], 47, 44)]
                    valid[channel] = True
        return out, valid

    @staticmethod
    def code(x: np.ndarray, r: list[int]) -> np.ndarray:
        shift, mult = _field(r[2], 5, 0), _field(r[0], 63, 32)
        pos, neg = _field(r[1], 31, 0, True), _field(r[1], 63, 32, True)
        z, lo, hi = _field(r[2], 23, 8, True), _field(r[2], 31, 24), _field(r[2], 39, 32)
        xs = np.clip(x, -(1 << 24), (1 << 24) - 1)
        v = xs * mult + (1 << (shift - 1) if shift else 0) + np.where(xs < 0, neg, pos)
        y = v >> shift
        if _field(r[2], 6, 6) and shift:
            tie = (v & ((1 << shift) - 1)) == 0
            y = y - (tie & ((y & 1) != _field(r[2], 7, 7)))
        return np.clip(np.clip(y, -(1 << 15), (1 << 15) - 1) + z, lo, hi)

    def write_block(self, b, block, groups, codes, valid, table, behind, total) -> None:
        s = self.spec
        lanes, kind = s.group_lanes_n, _field(b[3], 47, 40)
        _, oy, ox, wo, ho = self.pixels(b)
        keep = (ox < wo) & (oy < ho)
        y, x = oy[keep], ox[keep]
        for g in range(s.row_groups_n):
            group = block * s.row_groups_n + g
            if group >= groups:
                continue
            part = codes[:, g * lanes : (g + 1) * lanes]
            channels = slice(group * lanes, (group + 1) * lanes)
            behind[channels, y, x] = np.where(valid[g * lanes : (g + 1) * lanes], part, -1 << 40).T
            if table is not None:
                part = self.added(b, group, part, table[1], y, x)
                total[channels, y, x] = np.where(
                    valid[g * lanes : (g + 1) * lanes], part, -1 << 40
                ).T
            planes = {0: 1, 1: 2, 2: 32 // s.act_bits}[kind]
            for plane in range(planes):
                piece = (part >> (s.act_bits * plane)) & ((1 << s.act_bits) - 1)
                self.put(b, group, plane, piece, valid[g * lanes : (g + 1) * lanes], y, x)

    def added(self, b, group, codes, records, y, x):
        s = self.spec
        flat = [v - (1 << 64) if v >> 63 else v for r in records for v in r]
        size = 1 << s.act_bits
        first, second = np.array(flat[:size]), np.array(flat[size : 2 * size])
        wv = _field(b[4], 15, 0)
        base = _field(b[7], 15, 0) + group * _field(b[7], 31, 16)
        q = y * wv + x
        u2 = self.lanes(self.act[q % s.banks_n, base + q // s.banks_n])
        sums = first[codes] + second[u2]
        assert np.abs(sums).max() < 1 << 36
        result = sums >> 25
        if _field(b[7], 49, 49):
            tie = (sums & ((1 << 25) - 1)) == 0
            result = result - (tie & ((result & 1) != _field(b[7], 50, 50)))
        return np.clip(result, _field(b[7], 39, 32), _field(b[7], 47, 40))

    def put(self, b, group, plane, lanes, valid, y, x) -> None:
        s = self.spec
        base = _field(b[5], 15, 0) + group * _field(b[5], 31, 16) + plane * _field(b[5], 47, 32)
        bank, addr = self.place(
            y,
            x,
            base,
            _field(b[5], 63, 48),
            _field(b[6], 15, 0),
            _field(b[6], 19, 16),
            _field(b[6], 31, 24),
        )
        shifts = np.arange(s.group_lanes_n, dtype=np.uint64) * np.uint64(s.act_bits)
        beats = np.bitwise_or.reduce(lanes.astype(np.uint64) << shifts, axis=1)
        if _field(b[0], 25, 25):
            mask = np.bitwise_or.reduce(
                np.where(valid, np.uint64((1 << s.act_bits) - 1), np.uint64(0)) << shifts
            )
            beats = (self.act[bank, addr] & ~mask) | (beats & mask)
        else:
            assert valid.all()
        self.act[bank, addr] = beats

    def pool(self, b: list[int]) -> np.ndarray:
        s = self.spec
        o, oy, ox, wo, ho = self.pixels(b)
        keep = (ox < wo) & (oy < ho)
        blocks = _field(b[3], 15, 0)
        found = np.zeros((blocks * s.group_lanes_n, ho, wo), np.int64)
        for group in range(blocks):
            best = np.zeros((o.size, s.group_lanes_n), np.int64)
            for tap in self.taps(b):
                for c in range(s.slices_n):
                    shifted = {**tap, "base": tap["base"] + group * tap["cg"], "sub0": 0}
                    lanes, valid = self.read(shifted, 0, c, o, oy, ox)
                    part = best[:, c * s.lanes_n : (c + 1) * s.lanes_n]
                    np.maximum(part, np.where(valid[:, None], lanes, 0), out=part)
            kept = best[keep]
            everything = np.ones(s.group_lanes_n, bool)
            self.put(b, group, 0, kept, everything, oy[keep], ox[keep])
            channels = slice(group * s.group_lanes_n, (group + 1) * s.group_lanes_n)
            found[channels, oy[keep], ox[keep]] = kept.T
        return found
