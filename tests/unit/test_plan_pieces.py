# SPDX-License-Identifier: Apache-2.0
"""Rows without a record: their pieces give the same codes, and planning takes all of them."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hlsgen import api, plan
from hlsgen.boards import load_board
from hlsgen.engines.rows import held_formats
from hlsgen.model import golden, store
from hlsgen.model.graph import Conv, Model, Requant, Tensor, Thresholds, TwoStep
from hlsgen.model.numbers import Format
from hlsgen.model.requant import UNREACHABLE, apply, step_table
from hlsgen.model.verify import verify
from hlsgen.plan.default import default_spec
from hlsgen.plan.design import DesignFile, make_design
from hlsgen.plan.image import pack_project
from hlsgen.plan.pieces import Split, in_pieces
from hlsgen.run.compare import is_degenerate
from hlsgen.run.profile import products_of
from hlsgen.run.project import load_project
from tests.designs import spec_of
from tests.models import model_of, random_codes, random_model
from tests.qonnx_graphs import GraphBuilder, frames_for, imported
from tests.unit.test_plan_models import check

pytestmark = pytest.mark.unit
WIDE, NARROW = 1 << 32, 1 << 17
FAR = 1 << 26
KERNEL = 11  # with 140 channels sums reach 2^29


def network(
    requant: Requant, out: Tensor, groups: int = 1, channels: int = 2, weight: int = 127
) -> Model:
    """One convolution over a whole map; its row scales tell its rows apart."""
    rows = out.shape[0]
    shape = (rows, channels // groups, KERNEL, KERNEL)
    weights = np.full(shape, weight) * np.where(np.indices(shape)[3] % 2, 1, -1)
    source = Tensor(name="in", shape=(channels, KERNEL, KERNEL), bits=8, signed=False, scale=1.0)
    conv = Conv(
        name="conv",
        input="in",
        output="out",
        weights=weights,
        formats=(Format.FIXED8,) * rows,
        row_scale=np.arange(rows, dtype=np.float64),
        bias=np.arange(rows) - 1,
        requant=requant,
        groups=groups,
    )
    return model_of(conv, source, out)


def output(rows: int, bits: int, signed: bool = False, zero_point: int = 0) -> Tensor:
    return Tensor(
        name="out",
        shape=(rows, 1, 1),
        bits=bits,
        signed=signed,
        scale=0.5,
        zero_point=zero_point,
    )


def added(made: Model, acc: np.ndarray) -> np.ndarray:
    """Output codes of accumulators [samples, rows] by the layers of a split model."""
    each, total = made.layers
    assert isinstance(each, Conv) and isinstance(total, Conv)
    pieces = apply(each.requant, acc[:, each.row_scale.astype(int)], 0)
    tensor = made.tensors[total.input]
    assert pieces.min() >= 0 and pieces.max() <= tensor.hi
    sums = golden.accumulators(total, pieces[:, :, None, None], tensor)[:, :, 0, 0]
    return apply(total.requant, sums, made.tensors["out"].zero_point)


def check_pieces(model: Model, limit: int) -> tuple[Model, tuple[Split, ...]]:
    """A model's pieces add up to it beside every step and at both ends, and have records."""
    conv, out = model.layers[0], model.tensors["out"]
    assert isinstance(conv, Conv)
    verify(model)
    made, split = in_pieces(model, limit)
    steps = np.clip(step_table(conv.requant, out.zero_point, out.lo, out.hi), -(2**31), 2**31)
    low, high = limits(conv, model.tensors["in"])
    points = np.concatenate([steps, steps - 1, low[:, None], high[:, None]], axis=1)
    acc = np.clip(points, low[:, None], high[:, None]).T
    wanted = apply(conv.requant, acc, out.zero_point)
    if split:
        each = made.layers[0]
        assert isinstance(each, Conv) and isinstance(each.requant, Thresholds)
        longest = (each.requant.levels != UNREACHABLE).sum(axis=1).max()
        assert made.tensors["out:pieces"].bits == int(longest).bit_length() <= out.bits
        np.testing.assert_array_equal(added(made, acc), wanted)
    else:
        assert made is model
    spec = spec_of(0, 0, 8, act_bits=8, lanes_n=8, pixels_n=2, ring_depth=1 << 15, mult_w=34)
    spec = replace(spec, mult_w=17 if limit == NARROW else 34)
    pack_project(make_design(made, spec, "zedboard"))
    return made, split


def limits(conv: Conv, source: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Least and largest accumulator of each row."""
    flat = conv.weights.reshape(len(conv.weights), -1)
    up, down = np.maximum(flat, 0).sum(1), np.minimum(flat, 0).sum(1)
    return down * source.hi + conv.bias, up * source.hi + conv.bias


def levels_of(rng: np.random.Generator, kind: str, rows: int, steps: int) -> np.ndarray:
    """Ascending levels [rows, steps] within sums of about 1.8 million either way."""
    if kind == "random":
        levels = rng.integers(-1_900_000, 1_900_000, (rows, steps))
    elif kind == "dense":
        levels = rng.integers(-4, 5, (rows, steps))
    else:  # bent once: two lines
        slopes = rng.uniform(2, 9000, (rows, 2))
        bend = rng.integers(0, steps + 1, (rows, 1))
        each = np.where(np.arange(steps)[None, :] < bend, slopes[:, :1], slopes[:, 1:])
        levels = np.ceil(each.cumsum(axis=1) - each.sum(axis=1, keepdims=True) / 2).astype(np.int64)
    levels.sort(axis=1)
    levels[rng.random(rows) < 0.2, -1] = UNREACHABLE
    levels[rng.random(rows) < 0.2, 0] = -UNREACHABLE
    return levels


@settings(max_examples=40)
@given(
    st.integers(0, 1 << 32),
    st.integers(2, 6),
    st.sampled_from(["random", "dense", "bent"]),
    st.sampled_from([1, 2, 4]),
    st.sampled_from([WIDE, NARROW]),
)
def test_pieces_add_up(seed: int, bits: int, kind: str, groups: int, limit: int) -> None:
    rng = np.random.default_rng(seed)
    rows, signed = 4, bool(rng.integers(2))
    out = output(rows, bits, signed)
    short = int(rng.integers(0, 2))  # a format may use fewer codes than its bits allow
    levels = levels_of(rng, kind, rows, out.hi - out.lo - short)
    requant = Thresholds(levels=levels, first=out.lo + short * int(rng.integers(2)))
    check_pieces(network(requant, out, groups, channels=4), limit)


@pytest.mark.parametrize("limit", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("kind", ["random", "bent"])
def test_pieces_of_many_codes_add_up(kind: str, limit: int) -> None:
    out = output(2, 8)
    requant = Thresholds(levels=levels_of(np.random.default_rng(1), kind, 2, 255), first=0)
    _, (split,) = check_pieces(network(requant, out, channels=4), limit)
    assert (split.layer, split.rows, split.rows_split) == ("conv", 2, 2)
    assert split.pieces > 60 if kind == "random" else 2 <= split.pieces <= 12


@pytest.mark.parametrize("bits", [2, 3, 4])
def test_steps_further_apart_than_x_can_tell(bits: int) -> None:
    """A record's x has 25 bits; each step in a piece of its own is in range of it."""
    out = output(2, bits)
    steps = FAR * (np.arange(out.hi) - out.hi // 2)
    requant = Thresholds(levels=np.stack([steps, steps + 12345]), first=0)
    made, (split,) = check_pieces(network(requant, out, channels=140), WIDE)
    low, high = limits(made.layers[0], made.tensors["in"])
    reached = np.count_nonzero((steps > low[0]) & (steps <= high[0]))
    assert split.pieces == reached > 2
    assert made.tensors["out:pieces"].bits == 1


def test_depthwise_rows_have_equally_many_pieces() -> None:
    levels = np.array([[-9000, -6000, -3000, 0, 3000], [-9000, -8000, -3000, 10, 50]])
    model = network(Thresholds(levels=levels, first=0), output(2, 3), groups=2)
    made, (split,) = check_pieces(model, WIDE)
    each, total = made.layers
    assert isinstance(each, Conv) and isinstance(total, Conv)
    assert (split.rows_split, split.pieces) == (1, 2)
    assert (each.groups, total.groups) == (2, 2)
    assert each.row_scale.tolist() == [0, 0, 1, 1]
    assert total.weights[:, :, 0, 0].tolist() == [[1, 0], [1, 1]]


def test_bipolar_rows_need_no_pieces() -> None:
    out = replace(output(3, 1, signed=True))
    levels = np.array([[5], [-UNREACHABLE], [1 << 20]])
    _, split = check_pieces(network(Thresholds(levels=levels, first=-1, step=2), out), NARROW)
    assert split == ()


@given(st.integers(1 << 30, (1 << 31) - 1), st.integers(-14, -7), st.integers(-128, 127))
@settings(max_examples=15)
def test_two_steps_with_a_narrow_multiplier(multiplier: int, shift: int, zero: int) -> None:
    requant = TwoStep(
        multiplier=np.array([multiplier, 1 << 30]), shift=np.array([shift, -9]), lo=-128, hi=100
    )
    out = output(2, 8, signed=True, zero_point=zero)
    check_pieces(network(requant, out), NARROW)


def test_pieces_at_their_ends_are_not_saturated() -> None:
    """All accumulators lie in the last of three pieces: the first two give their highest codes."""
    steps = np.repeat([3, 500, 70_000], 5).cumsum()
    model = network(Thresholds(levels=steps[None], first=0), output(1, 4), channels=4)
    made, (split,) = check_pieces(model, WIDE)
    each = made.layers[0]
    assert isinstance(each, Conv) and split.pieces == 3
    acc = np.repeat(steps[-4:], [3, 3, 3, 2])[:, None]
    codes = apply(each.requant, acc[:, [0, 0, 0]], 0)
    assert np.mean(codes == codes.max(axis=0)) > 0.5
    assert is_degenerate(each, made.tensors, codes)
    assert not is_degenerate(each, made.tensors, codes, counted=True)
    assert is_degenerate(each, made.tensors, np.full_like(codes, 5), counted=True)


@pytest.mark.parametrize("act_bits", [4, 8])
def test_networks_of_uneven_rows_give_the_same_tensors(act_bits: int) -> None:
    split_n = 0
    for seed in range(8):
        rng = np.random.default_rng(seed)
        model = random_model(rng, act_bits=act_bits, layers=4, requants=("uneven",))
        made, split = in_pieces(model, WIDE)
        codes = random_codes(model, rng, 3)
        wanted, found = golden.run(model, codes), golden.run(made, codes)
        for name, values in wanted.items():
            np.testing.assert_array_equal(found[name], values, err_msg=name)
        poor = {x.output for x in model.layers if is_degenerate(x, model.tensors, wanted[x.output])}
        counted = {item.tensor for item in split}
        for layer in made.layers:
            name = layer.output
            if name.removesuffix(":pieces") not in poor:
                poor_now = is_degenerate(layer, made.tensors, found[name], counted=name in counted)
                assert not poor_now, layer.name
        split_n += len(split)
    assert split_n > 8


@pytest.mark.parametrize(
    "spec",
    [
        spec_of(8, 4, 4, act_bits=4, lanes_n=1, pixels_n=4, mult_w=17),
        spec_of(9, 4, 3, lanes_n=8, pixels_n=10, drain_n=2),
    ],
    ids=["a4_narrow", "a8"],
)
@pytest.mark.parametrize("seed", range(3))
def test_programs_of_pieces_give_golden_codes(spec: Any, seed: int) -> None:
    rng = np.random.default_rng(seed)
    options = {"act_bits": spec.act_bits, "formats": held_formats(spec), "layers": 4}
    model = random_model(rng, requants=("uneven",), max_channels=8, must=("add",), **options)
    made, split = in_pieces(model, spec.mult_limit)
    assert split
    assert check(made, spec) > len(model.layers)


def test_straight_rows_stay_the_same_model() -> None:
    model = random_model(np.random.default_rng(3), layers=5)
    made, split = in_pieces(model, WIDE)
    assert made is model and split == ()


def test_every_way_to_plan_computes_pieces(tmp_path: Path) -> None:
    """A default design, one of a file, a spec and a batch; a file of its own plans the same."""
    model = random_model(np.random.default_rng(0), act_bits=4, requants=("uneven",), layers=3)
    board = load_board("zedboard")
    design = plan.plan(model, board)
    plan.write_design(design, tmp_path / "design.yaml")
    (tmp_path / "part.yaml").write_text("mixed: {mult_w: 17}\n")
    ways = {
        "spec": plan.plan(model, board, design.spec),
        "file": plan.plan(model, board, tmp_path / "design.yaml"),
        "part": plan.plan(model, board, tmp_path / "part.yaml"),
        "batch": plan.plan(model, board, batch=2),
    }
    assert design.split and all(way.split for way in ways.values())
    image = pack_project(design)
    for name in ("spec", "file"):
        assert pack_project(ways[name]).program == image.program
    assert ways["part"].spec.mult_w == 17


def test_a_file_that_says_nothing_gives_the_default_design() -> None:
    """The default design of the pieces: this network as it is would get less memory."""
    rng, board = np.random.default_rng(5), load_board("zedboard")
    large: dict[str, Any] = {"max_hw": 48, "max_channels": 24, "max_stride": 1}
    model = random_model(rng, act_bits=4, requants=("uneven",), layers=2, **large)
    found = plan.plan(model, board, DesignFile())
    assert found.spec == plan.plan(model, board).spec != default_spec(model, board)


def test_thresholds_of_a_source_file_are_built(tmp_path: Path) -> None:
    """Uneven MultiThreshold of QONNX: from the file to a project, and both figures say so."""
    g = GraphBuilder(1, 3, 5, 5, seed=4)
    y = g.op("Conv", g.quant("x", 1 / 64, 8), g.weights(4, 3, 3, 3), kernel_shape=[3, 3])
    table = np.sort(g.rng.normal(0, 3, (4, 15)), axis=1)
    y = g.op("MultiThreshold", y, g.const(table), out_dtype="UINT4")
    source = imported(g.model(y), tmp_path).model
    store.save(source, tmp_path / "model")
    found = api.estimate(tmp_path / "model", board="zedboard")
    figures = api.build(tmp_path / "model", board="zedboard", output=tmp_path / "out")
    assert figures["in_pieces"] == found["in_pieces"]
    (split,) = json.loads(json.dumps(found["in_pieces"]))
    assert (split["rows"], split["rows_split"]) == (4, 4) and split["pieces"] >= 4
    assert 16 <= split["rows_made"] <= 4 * split["pieces"]
    project = load_project(tmp_path / "out")
    assert [asdict(item) for item in project.split] == found["in_pieces"]
    assert project.counted == {split["tensor"]}
    asked = {x.name: x.weights.size * 3 * 3 for x in source.layers if isinstance(x, Conv)}
    assert products_of(project) == {**asked, split["adder"]: 0}
    codes = golden.preprocess(source, frames_for(g.rng, 4, 3, 5, 5))
    built = store.load(tmp_path / "out" / "model")
    (name,) = source.outputs
    np.testing.assert_array_equal(golden.run(built, codes)[name], golden.run(source, codes)[name])
