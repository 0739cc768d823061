# SPDX-License-Identifier: Apache-2.0
"""Weight fetch against streams that the test lays out by formats §4 and §5 on its own."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from hlsgen.run.verilate import Bench
from tests.rtl.bench import MEMORY, SIM, rtl, simulate

BASE = 0x0010_0000
PUBLIC = (
    "clk", "rst_n", "desc_valid", "desc_ready", "desc_done", "desc", "idle", "error",
    "ring_en", "ring_addr", "ring_data", "ring_count", "ring_release",
    "rec_en", "rec_addr", "rec_data", "rec_count", "rec_release", "rec_release_n",
)  # fmt: skip
SOURCES = (
    SIM / "fetch" / "hg_fetch_bench.sv",
    *MEMORY,
    *rtl("hg_fetch", "hg_fetch_unpack", "hg_axi_read", "hg_axi_split", "hg_fifo", "hg_ram"),
)


@dataclass(frozen=True)
class Config:
    """Elaboration of the bench."""

    word_bits: int
    ports: int
    ring: int
    records: int

    @property
    def beats(self) -> int:
        """Beats of a word."""
        return -(-self.word_bits // 64)


CONFIGS = [
    pytest.param(Config(200, 3, 16, 64), id="odd-three-ports"),
    pytest.param(Config(128, 2, 32, 32), id="word-of-two-ports"),
    pytest.param(Config(60, 1, 16, 32), id="one-port"),
    pytest.param(Config(1100, 3, 64, 64), id="wide"),
    pytest.param(Config(300, 4, 23, 64), id="four-ports-odd-ring"),
    pytest.param(Config(2144, 4, 40, 64), id="four-ports-zc706"),
    pytest.param(Config(576, 1, 16, 32), id="one-port-side-beat"),
]


class _Layout:
    """Streams of several FETCHs in one image of memory."""

    def __init__(self, config: Config, rng: np.random.Generator) -> None:
        self.config, self.rng = config, rng
        self.image = bytearray()
        self.words: list[str] = []
        self.records: list[str] = []
        self.descriptors: list[str] = []

    def fetch(self, blocks: int, rows: int, k: int, tables: int) -> None:
        """Append one FETCH with random contents."""
        stream: list[bytes] = []
        for block in range(blocks):
            for _ in range((tables if block == 0 else 0) + 1 + rows):
                stream += self._item(3, 192, self.records)
            run = [
                b
                for _ in range(k)
                for b in self._beats(self.config.beats, self.config.word_bits, self.words)
            ]
            stream += self._padded(run)
        ports = self.config.ports
        stripes = [b"".join(stream[i::ports]) for i in range(ports)]
        stride = -(-len(stripes[0]) // 128) * 128
        offset = len(self.image)
        for stripe in stripes:
            self.image += stripe.ljust(stride, b"\xee")
        beats = [0] * 16
        beats[2] = (BASE + offset) | stride << 32
        beats[3] = blocks | rows << 16 | k << 32 | tables << 48
        beats[4] = len(stripes[0]) // 8
        self.descriptors.append(f"{sum(b << 64 * i for i, b in enumerate(beats)):x}")

    def _item(self, n: int, bits: int, to: list[str]) -> list[bytes]:
        return self._padded(self._beats(n, bits, to))

    def _beats(self, n: int, bits: int, to: list[str]) -> list[bytes]:
        value = int.from_bytes(self.rng.bytes(n * 8), "little") & ((1 << bits) - 1)
        to.append(f"{value:x}")
        data = value.to_bytes(n * 8, "little")
        return [data[8 * i : 8 * i + 8] for i in range(n)]

    def _padded(self, beats: list[bytes]) -> list[bytes]:
        return beats + [b"\xdd" * 8] * (-len(beats) % self.config.ports)


@pytest.mark.rtl
@pytest.mark.parametrize("config", CONFIGS)
@pytest.mark.parametrize("stall", [0, 70])
def test_streams_arrive_whole(config: Config, stall: int, tmp_path: Path) -> None:
    """Random FETCHs, K up to the whole ring, both rings read with and without stalls."""
    layout = _Layout(config, np.random.default_rng(stall))
    layout.fetch(1, 4, config.ring, 0)
    layout.fetch(4, config.records - 1, 1, 0)  # a block's records fill their ring
    for _ in range(6):
        rng = layout.rng
        layout.fetch(
            int(rng.integers(1, 4)),
            8,
            int(rng.integers(1, config.ring + 1)),
            int(rng.integers(0, 12)),
        )
    (tmp_path / "image.bin").write_bytes(layout.image)
    memory = tmp_path / "memory.txt"
    memory.write_text(f"load {BASE} {len(layout.image)} {tmp_path / 'image.bin'}\n")
    job = {
        "descriptors": layout.descriptors,
        "words": layout.words,
        "records": layout.records,
        "ring_depth": config.ring,
        "record_depth": config.records,
        "stall": stall,
        "seed": 7,
    }
    (tmp_path / "job.json").write_text(json.dumps(job))
    bench = Bench(
        top="hg_fetch_bench",
        sources=SOURCES,
        public=PUBLIC,
        parameters={
            "RingDepth": str(config.ring),
            "RecordDepth": str(config.records),
            "WordW": str(config.word_bits),
            "WeightPortsN": str(config.ports),
        },
    )
    simulate(
        bench,
        "tb_fetch",
        tmp_path,
        (f"+memory={memory}",),
        {"HLSGEN_JOB": str(tmp_path / "job.json")},
    )
