# SPDX-License-Identifier: Apache-2.0
"""The fetch's specification, golden model and cost against counts made by hand."""

from __future__ import annotations

import pytest

from hlsgen.errors import ParameterError
from hlsgen.stages.fetch import FetchJob, FetchSpec, cost, golden

pytestmark = pytest.mark.unit


def spec_of(**changes: int) -> FetchSpec:
    fields = {"word_bits": 576, "weight_ports_n": 3, "ring_depth": 256, "record_depth": 64}
    return FetchSpec(**(fields | changes))


def test_words_and_records_are_dealt_out_beat_by_beat() -> None:
    """Two ports, words of three beats, two blocks: beats numbered in the order of the stream."""
    spec = spec_of(word_bits=130, weight_ports_n=2)
    job = FetchJob(blocks=2, row_records=1, k=3, table_records=1)
    # A record takes two cycles, of which the last beat is padding; three words take nine beats
    # and fill ten. The tables come in the first block alone.
    stream = list(range(4 * 3 + 10 + 4 * 2 + 10))
    ports = [b"".join(beat.to_bytes(8, "little") for beat in stream[port::2]) for port in (0, 1)]

    def joined(first: int, bits: int) -> int:
        value = sum(beat << 64 * at for at, beat in enumerate(range(first, first + 3)))
        return value & ((1 << bits) - 1)

    found = golden(spec, job, ports)
    assert found.records == tuple(joined(at, 192) for at in (0, 4, 8, 22, 26))
    assert found.words == tuple(joined(at, 130) for at in (12, 15, 18, 30, 33, 36))
    assert cost(spec, job).cycles == 1 + len(stream) // 2


@pytest.mark.parametrize(
    ("word_bits", "ports", "banks"), [(64, 1, 1), (576, 1, 8), (576, 3, 9), (1056, 3, 16)]
)
def test_first_beats_lie_beside_the_others(word_bits: int, ports: int, banks: int) -> None:
    """A bank is 72 bits wide: eight beats of a word carry a ninth, if it comes early enough."""
    spec = spec_of(word_bits=word_bits, weight_ports_n=ports)
    assert spec.banks_n == banks
    assert 72 * spec.banks_n >= word_bits


def test_cost_counts_a_block_ram_for_512_words_of_a_bank() -> None:
    plain = cost(spec_of(ring_depth=512, record_depth=512)).bram36
    assert cost(spec_of(ring_depth=513, record_depth=512)).bram36 == plain + spec_of().banks_n
    assert cost(spec_of(ring_depth=512, record_depth=1024)).bram36 > plain


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"word_bits": 0}, r"^Fetch word_bits must be at least 1, not 0$"),
        ({"weight_ports_n": 5}, r"^Fetch weight_ports_n must be in 1..4 .*, not 5$"),
        ({"word_bits": 64, "weight_ports_n": 2}, r"^Fetch weight_ports_n must be in 1..1 .*not 2$"),
        ({"ring_depth": 1}, r"^Fetch ring_depth must be in 2..65536, not 1$"),
        ({"record_depth": 48}, r"^Fetch record_depth must be a power of two .*, not 48$"),
    ],
)
def test_fields_out_of_range_are_named(changes: dict[str, int], sentence: str) -> None:
    with pytest.raises(ParameterError, match=sentence):
        spec_of(**changes)
