# SPDX-License-Identifier: Apache-2.0
"""design.yaml, default designs, estimates, and what they refuse."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml

from hlsgen import emit
from hlsgen.boards import load_board
from hlsgen.engines.program import decode
from hlsgen.errors import FitError, ParameterError, PlanError
from hlsgen.frontends.zoo import load_zoo
from hlsgen.model.graph import Conv, Model
from hlsgen.model.numbers import Format
from hlsgen.passes.slots import Slots
from hlsgen.plan import estimate, pack_project, plan, require_fit, write_design
from hlsgen.plan.design import parse_design, read_design
from tests.designs import spec_of
from tests.models import random_model

pytestmark = pytest.mark.unit


def _model(**options) -> Model:
    rng = np.random.default_rng(21)
    return random_model(rng, **{"formats": (Format.FIXED8,), "layers": 4, **options})


def test_a_design_written_whole_is_read_back(tmp_path: Path) -> None:
    board, model = load_board("zedboard"), _model()
    design = plan(model, board)
    write_design(design, tmp_path / "design.yaml")
    again = plan(model, board, tmp_path / "design.yaml")
    assert again.spec == design.spec
    assert pack_project(again).program == pack_project(design).program


def test_a_partial_file_changes_its_fields_only(tmp_path: Path) -> None:
    board, model = load_board("zedboard"), _model()
    path = tmp_path / "design.yaml"
    path.write_text("mixed: {pixels_n: 4, weight_ports_n: 1}\n")
    default = plan(model, board).spec
    assert plan(model, board, path).spec == replace(default, pixels_n=4, weight_ports_n=1)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("mixed: {pixels: 4}", r"^Design file must match its schema \(.*\): mixed\.pixels: .*$"),
        ("engine: mixed", r"^Design file must match its schema \(.*\): engine: .*$"),
        ("version: 2", r"^Design version must be 1, not 2 \(.*\); write the file again with .*$"),
        ("a: !!python/name:os.system", r"^Design file must be plain YAML \(.*\): .*$"),
        ("- 1", r"^Design file must match its schema \(.*\): file: .*$"),
    ],
    ids=["field", "key", "version", "tag", "list"],
)
def test_a_wrong_file_is_refused(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "design.yaml"
    path.write_text(text)
    with pytest.raises(PlanError, match=sentence):
        read_design(path)


def test_a_stale_hash_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    given = parse_design({"layout_hash": "0" * 16}, "here")
    with pytest.raises(ParameterError, match=r"^Design layout_hash must be [0-9a-f]{16} for its "):
        plan(_model(), load_board("zedboard"), given)
    with pytest.raises(PlanError, match=r"^Design file must be readable, not .* \(No such file.*$"):
        read_design(tmp_path / "absent.yaml")


def test_the_file_lists_every_layer(tmp_path: Path) -> None:
    model = _model()
    write_design(plan(model, load_board("zedboard")), tmp_path / "design.yaml")
    content = yaml.safe_load((tmp_path / "design.yaml").read_text())
    mapped = [row["layer"] for row in content["mapping"] if "layer" in row]
    convs = [layer.name for layer in model.layers if isinstance(layer, Conv)]
    assert set(convs) <= set(mapped)


@pytest.mark.parametrize(
    ("formats", "bits", "board", "slots"),
    [
        ((Format.FIXED8,), 8, "zedboard", (8, 0, 0, 16)),
        ((Format.FIXED8,), 8, "zc706", (8, 0, 0, 16)),
        ((Format.POT4, Format.FIXED4, Format.FIXED8), 8, "zedboard", (8, 19, 12, 1)),
        ((Format.POT4, Format.FIXED4, Format.FIXED8), 4, "zedboard", (4, 19, 12, 1)),
        ((Format.POT4, Format.FIXED4, Format.FIXED8), 4, "zc706", (4, 41, 20, 3)),
        ((Format.BINARY,), 1, "pynq_z2", (4, 19, 12, 1)),
    ],
)
def test_boards_have_defaults(formats, bits: int, board: str, slots) -> None:
    rng = np.random.default_rng(2)
    model = random_model(rng, formats=formats, act_bits=bits, layers=3, allow=("conv",))
    spec = plan(model, load_board(board)).spec
    assert (spec.act_bits, spec.pot4_n, spec.fixed4_n, spec.fixed8_n) == slots
    assert spec.dsp_n <= load_board(board).resources.dsp48e1


def test_estimate_names_what_binds_and_where() -> None:
    board, model = load_board("zedboard"), _model()
    found = estimate(plan(model, board), board)
    assert found["fits"] and found["binding"] in ("lut", "ff", "dsp", "bram36")
    names = {layer.name for layer in model.layers} | set(model.tensors)
    assert found["worst_layer"] in names
    assert found["cycles_per_frame"] >= found["bound_cycles"] > 0
    assert found["fps"] == round(1e8 / found["cycles_per_frame"], 2)


def test_the_bound_under_a_ring_is_less_with_a_deeper_one() -> None:
    """Between what array and memory allow without a ring, and what the whole schedule takes."""
    board = load_board("zc706")
    spec = spec_of(9, 6, 1, act_bits=4, lanes_n=2, pixels_n=2, act_depth=4096, record_depth=4096)
    model = load_zoo("vgg11", slots=Slots(pot4=9, fixed4=6, fixed8=1), size=32, width=0.125)
    bounds = []
    for depth in (512, 1024, 8192):
        found = estimate(plan(model, board, replace(spec, ring_depth=depth)), board)
        assert found["bound_cycles"] <= found["ring_bound_cycles"] < found["cycles_per_frame"]
        bounds.append(found["ring_bound_cycles"])
    assert bounds[0] > bounds[1] > bounds[2]


def test_estimate_counts_the_bytes_of_the_project(tmp_path: Path) -> None:
    board, model = load_board("zedboard"), _model(layers=8)
    design = plan(model, board)
    emit.build(design, board, tmp_path / "out")
    data = tmp_path / "out" / "data"
    layout = json.loads((data / "layout.json").read_text())
    buffers = {
        "program": (data / "program.bin").stat().st_size,
        "weights": (data / "weights.bin").stat().st_size,
        "input": layout["input_bytes"],
        "output": layout["output_bytes"],
        "scratch": layout["scratch_bytes"],
        "report": 128 + 64 * decode((data / "program.bin").read_bytes()).report_slots,
    }
    found = estimate(design, board)
    assert found["buffers"] == buffers
    assert found["bytes"] == sum(buffers.values())


def test_a_device_that_is_too_small_is_named() -> None:
    board, model = load_board("zedboard"), _model()
    large = plan(model, board, spec_of(0, 0, 32, lanes_n=8, pixels_n=12, drain_n=2))
    assert not estimate(large, board)["fits"]
    rule = (
        r"^Design must need at most 220 dsp of xc7z020, not 1568 \(board zedboard, most by layer "
        r"\w+\); lower pixels_n or lanes_n$"
    )
    with pytest.raises(FitError, match=rule):
        require_fit(large, board)
    require_fit(plan(model, board), board)


def test_the_program_counts_what_it_holds() -> None:
    board, model = load_board("zedboard"), _model(layers=6)
    design = plan(model, board)
    image = pack_project(design)
    program = decode(image.program)
    assert program.layout_hash == design.spec.layout_hash()
    slots = [item.report_slot for item in program.descriptors]
    assert slots == list(range(program.report_slots))
    assert [item.slot for item in image.checked] == [item.descriptor for item in image.checked]
    assert len(image.layers) == program.report_slots
    assert set(image.layers) == {item.layer for item in image.checked}
    assert len(image.weights) % 128 == 0


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        (
            {"ring_depth": 16},
            r"^Design ring_depth must hold the \d+ weight words of a block, not 16 \(layer \w+\); "
            r"choose a deeper ring or more lanes$",
        ),
        (
            {"taps_n": 1},
            r"^Design taps_n must be at least \d+, not 1 \(layer \w+\); choose a larger taps_n or "
            r"a smaller kernel$",
        ),
        (
            {"acc_w": 16},
            r"^Design acc_w must hold sums up to \d+, not 16 bits \(row \d+, layer \w+\); choose a "
            r"wider acc_w or fewer input channels$",
        ),
        (
            {"fixed8_n": 0, "pot4_n": 16},
            r"^Design fixed8_n must be above 0 for rows in fixed8, not 0 \(layer \w+\); choose "
            r"another design or quantize the model for its slots$",
        ),
        (
            {"act_bits": 4},
            r"^Add tensors must have at most act_bits=4 bits, not 8 \(tensor \w+, layer \w+\); "
            r"quantize the model to fewer bits, or choose act_bits 8 or wide_codes$",
        ),
    ],
    ids=["ring", "taps", "acc", "slots", "add"],
)
def test_a_model_that_does_not_map_is_refused(fields: dict, sentence: str) -> None:
    spec = spec_of(**{"pot4_n": 0, "fixed4_n": 0, "fixed8_n": 16, **fields})
    rng = np.random.default_rng(4)
    model = random_model(rng, formats=(Format.FIXED8,), layers=6, allow=("add",))
    with pytest.raises(PlanError, match=sentence):
        pack_project(plan(model, load_board("zedboard"), spec))


def test_a_model_of_few_words_without_room_is_refused() -> None:
    """No other split of the block RAMs helps where the ring already holds more than all words."""
    options = {"layers": 2, "max_hw": 64, "max_channels": 24, "max_stride": 1}
    model = random_model(np.random.default_rng(1), act_bits=4, requants=("uneven",), **options)
    with pytest.raises(FitError, match=r"^Design act_depth must be at least \d+ for"):
        plan(model, load_board("zedboard"))
