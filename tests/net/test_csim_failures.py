# SPDX-License-Identifier: Apache-2.0
"""What C simulation says when something is wrong: in the data, in the program, on the machine."""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hlsgen.engines.program import Bits, Fetch, Op, decode, encode, operation
from hlsgen.errors import ToolError
from hlsgen.model.graph import Model
from hlsgen.run import tools
from hlsgen.run.compare import Comparison, Observation, Place, is_degenerate
from hlsgen.run.csim import buffers_of, simulate
from hlsgen.run.csim_build import compile_program
from hlsgen.run.csim_run import Outcome, run_program
from hlsgen.run.outcome import ending
from hlsgen.run.profile import entries
from hlsgen.run.project import Project
from tests.designs import spec_of
from tests.models import random_codes, random_model
from tests.net.csim_build import project_of

pytestmark = pytest.mark.net
SPEC = spec_of(9, 4, 3, lanes_n=8, pixels_n=10, drain_n=2, weight_ports_n=2)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A small network with a residual add, a pooling and a store."""
    rng = np.random.default_rng(16)
    model = random_model(rng, layers=7, allow=("conv", "add", "pool"), raw_last=False)
    assert {type(layer).__name__ for layer in model.layers} == {"Conv", "Add", "MaxPool"}
    return project_of(model, SPEC, tmp_path_factory.mktemp("project"))


@pytest.fixture(scope="module")
def codes(project: Project) -> np.ndarray:
    return random_codes(project.model, np.random.default_rng(6), 2)


def _field(project: Project, op: Op, bits: Bits, value: int) -> tuple[Project, int]:
    """The project with one field of the first such descriptor changed, and its index."""
    kinds = [operation(item) for item in decode(project.program).descriptors]
    index = kinds.index(op)
    at = 128 * (index + 1) + 8 * bits.beat
    beat = int.from_bytes(project.program[at : at + 8], "little")
    beat &= ~(((1 << bits.width) - 1) << bits.low)
    beat |= (value & ((1 << bits.width) - 1)) << bits.low
    program = bytearray(project.program)
    program[at : at + 8] = beat.to_bytes(8, "little")
    return replace(project, program=bytes(program)), index


def _run(project: Project, codes: np.ndarray) -> Outcome:
    return run_program(compile_program(project.folder / "hls"), buffers_of(project, codes))


def test_csim_names_the_first_difference(project: Project, codes: np.ndarray) -> None:
    sound = simulate(project, codes)
    assert sound.verdict.first is None
    fetch = next(d for d in decode(project.program).descriptors if operation(d) is Op.FETCH)
    weights = bytearray(project.weights)
    records = fetch.table_records + 1 + SPEC.rows_n
    first_word = fetch.offset + 8 * 2 * records  # each record takes 2 beats of a port
    for byte in range(first_word, first_word + 8):
        weights[byte] ^= 0x88  # signs of the first word of the first layer
    result = simulate(replace(project, weights=bytes(weights)), codes)
    assert not result.verdict.equal
    first = project.model.layers[0]
    assert result.verdict.first is not None
    assert str(result.verdict.first).startswith(f"layer {first.name}, tensor {first.output} ["), (
        result.verdict.first
    )
    assert result.verdict.first.got != result.verdict.first.expected


HEADER: dict[str, tuple[int, bytes, int]] = {  # offset, bytes, status
    "magic": (0, b"X", 1),
    "version": (4, b"\x02", 2),
    "layout_hash": (8, b"\xff\xff", 3),
}


@pytest.mark.parametrize("name", HEADER)
def test_csim_refuses_a_wrong_header(name: str, project: Project, codes: np.ndarray) -> None:
    offset, content, status = HEADER[name]
    program = bytearray(project.program)
    program[offset : offset + len(content)] = content
    outcome = _run(replace(project, program=bytes(program)), codes)
    assert ending(outcome.report) == (status, 0)
    assert struct.unpack_from("<IHHQ", outcome.report)[:2] == (0x50524748, 1)


FIELDS: dict[str, tuple[Op, Bits, int, int]] = {  # operation, field, value, status
    "operation": (Op.POOL, Bits(0, 0, 8), 9, 4),
    "engine": (Op.CONV, Bits(0, 16, 8), 1, 4),
    "descriptor version": (Op.STORE, Bits(0, 8, 8), 2, 2),
    "words": (Op.FETCH, Bits(3, 32, 16), 0xFFFF, 5),
    "rows": (Op.FETCH, Bits(3, 16, 16), 3, 5),
    "buffer": (Op.LOAD, Bits(2, 32, 8), 3, 5),
    "phases": (Op.LOAD, Bits(5, 0, 4), 0, 5),
    "taps": (Op.CONV, Bits(2, 32, 16), 0, 5),
    "planes": (Op.CONV, Bits(3, 32, 8), 3, 5),
    "kind": (Op.CONV, Bits(3, 40, 8), 3, 5),
    "slot": (Op.CONV, Bits(0, 32, 16), 0xFFFE, 5),
    "tiles": (Op.POOL, Bits(3, 16, 16), 0, 5),
    "width": (Op.STORE, Bits(4, 0, 16), 0, 5),
}


@pytest.mark.parametrize("name", FIELDS)
def test_csim_refuses_a_bad_descriptor(name: str, project: Project, codes: np.ndarray) -> None:
    op, bits, value, status = FIELDS[name]
    changed, index = _field(project, op, bits, value)
    outcome = _run(changed, codes)
    assert ending(outcome.report) == (status, index)
    failure = simulate(changed, codes).failure
    assert failure is not None
    assert failure.startswith(f"status {status} at descriptor {index}: ")


def test_csim_identifies_itself_by_an_empty_program(project: Project, codes: np.ndarray) -> None:
    program = bytearray(project.program[:128])
    program[6:8], program[8:16] = bytes(2), bytes(8)
    outcome = _run(replace(project, program=bytes(program)), codes)
    beats = struct.unpack_from("<6Q", outcome.report)
    assert ending(outcome.report) == (0, 0)
    assert beats[1] == SPEC.layout_hash()
    assert beats[3] == 0
    sizes = (8, SPEC.lanes_n, SPEC.pixels_n, SPEC.rows_n, SPEC.weight_ports_n, SPEC.drain_n)
    assert beats[5].to_bytes(8, "little")[:6] == bytes(sizes)


def test_csim_reports_every_descriptor(project: Project, codes: np.ndarray) -> None:
    """The C++ counts no cycles: its entries hold their place and zeros."""
    found = entries(project, _run(project, codes).report, len(codes))
    assert {item.kind for item in found} == {"fetch", "load", "conv", "pool", "store"}
    assert len(found) == len(codes) * project.report_slots
    assert not any((item.start, item.end, item.busy, item.wait_drain) != (0,) * 4 for item in found)


def test_csim_reports_a_deadlock(project: Project, codes: np.ndarray) -> None:
    """A FETCH that is sound in itself, but brings a word less than its CONV multiplies."""
    program = decode(project.program)
    index, fetch = next((i, d) for i, d in enumerate(program.descriptors) if isinstance(d, Fetch))
    ports = SPEC.weight_ports_n
    words = [-(-k * SPEC.word_beats_n // ports) for k in (fetch.k, fetch.k - 1)]
    beats = fetch.port_beats - fetch.blocks * (words[0] - words[1])
    items = list(program.descriptors)
    items[index] = replace(fetch, k=fetch.k - 1, port_beats=beats)
    changed = encode(replace(program, descriptors=tuple(items)))
    failure = _run(replace(project, program=changed), codes).failure
    assert failure is not None
    assert failure.startswith("deadlock: process "), failure
    assert "stream " in failure


def test_csim_stops_when_no_descriptor_may_start(project: Project, codes: np.ndarray) -> None:
    changed, _ = _field(project, Op.LOAD, Bits(1, 32, 16), 100)
    failure = _run(changed, codes).failure
    assert failure is not None
    assert failure.startswith("fault: outside the program's waits (no descriptor may start)")


def test_csim_stops_at_an_access_outside_the_memory(project: Project, codes: np.ndarray) -> None:
    changed, _ = _field(project, Op.LOAD, Bits(4, 16, 16), SPEC.act_depth - 1)
    failure = _run(changed, codes).failure
    assert failure is not None
    assert failure.startswith("fault: outside the activation memory (LOAD) at ")


def test_csim_shows_a_missing_wait(project: Project, codes: np.ndarray) -> None:
    """Loads run as early as their waits allow: without one, the next frame overwrites this one."""
    changed = project
    for low in (0, 16, 32):
        changed, _ = _field(changed, Op.LOAD, Bits(1, low, 16), -32768)
    assert not simulate(changed, codes).verdict.equal


def _comparison(model: Model, values: dict[str, np.ndarray]) -> Comparison:
    return Comparison(model, values)


def test_comparison_demands_every_element(project: Project) -> None:
    from hlsgen.model import golden

    model = project.model
    values = golden.run(model, random_codes(model, np.random.default_rng(1), 1))
    comparison = _comparison(model, values)
    for layer in model.layers[:-1]:
        tensor = model.tensors[layer.output]
        stored = values[layer.output][0] - (0 if tensor.bits == 32 else tensor.lo)
        written = np.ones(stored.shape, bool)
        place = Place(tensor=layer.output)
        comparison.add(Observation(frame=0, place=place, values=stored, written=written))
    verdict = comparison.verdict()
    last = model.layers[-1]
    assert verdict.missing == (last.output,)
    assert not verdict.equal
    assert verdict.tensors_compared == len(model.layers) - 1
    assert "got nothing" in str(verdict.first)


def test_degenerate_tensors_are_named(project: Project) -> None:
    layer, tensors = project.model.layers[0], project.model.tensors
    tensor = tensors[layer.output]
    shape = (2, *tensor.shape)
    ramp = np.resize(np.arange(tensor.lo + 1, tensor.hi), shape)
    assert not is_degenerate(layer, tensors, ramp)
    assert is_degenerate(layer, tensors, np.full(shape, 3))


def test_missing_compiler_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(ToolError, match=r"^C\+\+ compiler no-such-compiler must be on the path, "):
        tools.find_compiler()


def test_missing_headers_are_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XILINX_HLS", raising=False)
    monkeypatch.setattr(tools.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ToolError, match=r"^AMD's header ap_int\.h must be found, not absent; "):
        tools.find_headers()


def test_vitis_headers_come_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "include").mkdir()
    (tmp_path / "include" / "ap_int.h").touch()
    monkeypatch.setenv("XILINX_HLS", str(tmp_path))
    assert tools.find_headers() == tmp_path / "include"


def test_broken_sources_are_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "csim_main.cpp").write_text("int main() { return missing; }\n")
    with pytest.raises(ToolError, match=r"^Compilation of the C simulation must end well, not "):
        compile_program(tmp_path)


def test_unwritable_cache_is_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("HLSGEN_CACHE", str(tmp_path / "file" / "below"))
    with pytest.raises(ToolError, match=r"^Cache folder .* must be writable, not refused "):
        tools.cached("name", lambda path: path.touch())
