# SPDX-License-Identifier: Apache-2.0
"""The zoo: sizes by the tables, dense rows in the array's shares, tensors that use their codes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from hlsgen import api
from hlsgen.boards import load_board
from hlsgen.errors import ParameterError, PlanError
from hlsgen.frontends import zoo_tables
from hlsgen.frontends.zoo import load_zoo
from hlsgen.frontends.zoo_tables import NETWORKS, ConvNode
from hlsgen.model import golden, store
from hlsgen.model.graph import Add, Conv, Model
from hlsgen.model.numbers import Format, is_representable
from hlsgen.model.pictures import picture_codes
from hlsgen.model.verify import verify
from hlsgen.passes.slots import Slots
from hlsgen.plan import pack_project, plan, require_fit
from hlsgen.report.summary import describe
from hlsgen.run.compare import is_degenerate
from tests.designs import spec_of
from tests.unit.test_cli import run

pytestmark = pytest.mark.unit

ZC706 = Slots(pot4=41, fixed4=20, fixed8=3)
FIXED4 = Slots(pot4=0, fixed4=64, fixed8=0)  # the format with the most zeros
# weights and products at full size, from the papers' shapes
SIZES = {
    "lenet5": (61_470, 416_520),
    "resnet8": (77_360, 12_501_632),
    "resnet18": (11_678_912, 1_814_073_344),
    "vgg11": (132_851_392, 7_609_090_048),
    "vgg16": (138_344_128, 15_470_264_320),
    "mobilenet": (4_209_088, 568_740_352),
}
SLOTS = Slots(pot4=19, fixed4=12, fixed8=1)
SMALL = {
    "lenet5": (32, 1.0),
    "resnet8": (32, 1.0),
    "resnet18": (56, 0.25),
    "vgg11": (64, 0.125),
    "vgg16": (64, 0.125),
    "mobilenet": (64, 0.25),
}


def small(name: str, slots: Slots = ZC706, act_bits: int = 4, seed: int = 0) -> Model:
    size, width = SMALL[name]
    return load_zoo(name, slots=slots, act_bits=act_bits, seed=seed, size=size, width=width)


def convs(model: Model) -> list[Conv]:
    """Convolutions with weights; pooling has ones."""
    return [
        layer
        for layer in model.layers
        if isinstance(layer, Conv) and set(layer.formats) != {Format.BINARY}
    ]


@pytest.mark.parametrize("name", NETWORKS)
def test_tables_have_the_networks_sizes(name: str) -> None:
    found = zoo_tables.nodes(NETWORKS[name])
    assert (zoo_tables.parameters(found), zoo_tables.macs(found)) == SIZES[name]


def test_vgg16_and_resnet18_have_their_layers() -> None:
    kernels = [
        (node.kernel, node.stride)
        for node in zoo_tables.nodes(NETWORKS["vgg16"])
        if isinstance(node, ConvNode)
    ]
    assert kernels == [((3, 3), 1)] * 13 + [((7, 7), 1)] + [((1, 1), 1)] * 2
    found = zoo_tables.nodes(NETWORKS["resnet18"])
    assert [node.shape for node in found if node.name.endswith("sum")] == [
        *[(64, 56, 56)] * 2,
        *[(128, 28, 28)] * 2,
        *[(256, 14, 14)] * 2,
        *[(512, 7, 7)] * 2,
    ]
    assert sum(node.name.endswith("down") for node in found) == 3
    assert found[1].shape == (64, 56, 56)


@pytest.mark.parametrize("act_bits", [4, 8])
@pytest.mark.parametrize("name", NETWORKS)
def test_every_tensor_uses_its_codes(name: str, act_bits: int) -> None:
    model = small(name, act_bits=act_bits)
    verify(model)
    values = golden.run(model, picture_codes(model.tensors["input"], 2, seed=7))
    for layer in model.layers:
        assert not is_degenerate(layer, model.tensors, values[layer.output]), layer.name
    inner = [t for n, t in model.tensors.items() if n not in ("input", *model.outputs)]
    assert {tensor.bits for tensor in inner} == {act_bits}
    assert model.tensors[model.outputs[0]].bits == 32


@pytest.mark.parametrize("name", ["resnet18", "vgg16", "mobilenet"])
def test_maps_of_deep_networks_still_differ_from_pixel_to_pixel(name: str) -> None:
    model = small(name)
    values = golden.run(model, picture_codes(model.tensors["input"], 2, seed=7))
    for layer in model.layers:
        if model.tensors[layer.output].shape[1] >= 7:
            spread = values[layer.output].std(axis=(2, 3)).mean()
            assert spread > 0.7, (layer.name, spread)


@pytest.mark.parametrize("slots", [ZC706, FIXED4], ids=str)
@pytest.mark.parametrize("name", NETWORKS)
def test_rows_are_dense_and_of_the_arrays_shares(name: str, slots: Slots) -> None:
    model = small(name, slots)
    for conv in convs(model):
        assert np.mean(conv.weights == 0) <= 0.1, conv.name
        pairs = zip(conv.formats, conv.weights, strict=True)
        assert all(is_representable(fmt, row) for fmt, row in pairs)
        for start in range(0, len(conv.formats), slots.total):
            block = conv.formats[start : start + slots.total]
            want = slots.share(len(block))
            found = tuple(block.count(f) for f in (Format.POT4, Format.FIXED4, Format.FIXED8))
            assert found == want, conv.name
    for conv in convs(model):
        assert len(np.unique(conv.row_scale)) == len(conv.row_scale)


def test_operands_of_an_add_have_scales_of_their_own() -> None:
    model = small("resnet18")
    adds = [layer for layer in model.layers if isinstance(layer, Add)]
    assert len(adds) == 8
    for layer in adds:
        scales = {model.tensors[name].scale for name in (*layer.inputs, layer.output)}
        assert len(scales) == 3, layer.name


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        store.save(small("resnet8", seed=seed), tmp_path / name)
    a, b, c = ((tmp_path / name / "tensors.npz").read_bytes() for name in "abc")
    assert a == b != c


def test_raw_outputs_have_real_values() -> None:
    model = small("lenet5")
    conv = convs(model)[-1]
    gain, offset = model.output_affine[model.outputs[0]]
    source = model.tensors[conv.input]
    np.testing.assert_allclose(gain, conv.row_scale * source.scale)
    assert not offset.any()


@pytest.mark.parametrize(("name", "board"), [("resnet18", "zc706"), ("resnet18", "zedboard")])
def test_full_size_plans_on_the_default_design(name: str, board: str) -> None:
    target = load_board(board)
    slots = target.resources.slots
    split = Slots(pot4=slots.pot4, fixed4=slots.fixed4, fixed8=slots.fixed8)
    model = load_zoo(name, slots=split)
    design = plan(model, target)
    require_fit(design, target)
    image = pack_project(design)
    assert (design.spec.act_bits, design.spec.rows_n) == (4, split.total)
    seen = {item.tensor for item in image.checked} | {item.sum for item in image.checked}
    assert seen >= {layer.output for layer in model.layers}


@pytest.mark.parametrize(
    ("name", "bits", "slots", "sentence"),
    [
        (
            "resnet8",
            8,
            SLOTS,
            r"^Add tensors must have at most act_bits=4 bits, not 8 \(tensor block01_second, layer "
            r"block01_sum\); quantize the model to fewer bits, or choose act_bits 8 or wide_codes$",
        ),
        (
            "resnet18",
            8,
            SLOTS,
            r"^MaxPool tensors must have at most act_bits=4 bits, not 8 \(tensor conv00, layer "
            r"pool01\); quantize the model to fewer bits, or choose act_bits 8 or wide_codes$",
        ),
        (
            "mobilenet",
            4,
            Slots(pot4=18, fixed4=14, fixed8=0),
            r"^Design fixed8_n must be above 0 for rows in fixed8, not 0 \(layer conv00\); choose "
            r"another design or quantize the model for its slots$",
        ),
    ],
    ids=["add", "pool", "rows"],
)
def test_a_network_in_other_formats_is_refused_by_layer_and_format(
    name: str, bits: int, slots: Slots, sentence: str
) -> None:
    """The design is given, as on a board that is programmed already."""
    spec = spec_of(slots.pot4, slots.fixed4, slots.fixed8, act_bits=4, lanes_n=8, pixels_n=6)
    model = load_zoo(name, slots=SLOTS, act_bits=bits, size=32, width=0.25)
    with pytest.raises(PlanError, match=sentence):
        plan(model, load_board("zedboard"), spec)


def test_zoo_writes_a_model_and_says_its_size(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    folder = tmp_path / "model"
    command = ["zoo", "resnet18", "-o", str(folder), "--board", "zedboard", "--json"]
    code, out, err = run(capsys, *command, "--size", "32", "--width", "0.15", "--seed", "5")
    figures = json.loads(out)
    assert (code, err) == (0, "")
    assert figures["slots"] == "19:12:1"
    assert figures["input"] == [3, 32, 32]
    assert figures["snapped"] == {"64": 10, "128": 19, "256": 38, "512": 77}
    model = store.load(folder)
    table = zoo_tables.resized(NETWORKS["resnet18"], 32, 0.15)
    assert figures["parameters"] == zoo_tables.parameters(zoo_tables.nodes(table))
    assert figures["macs"] == zoo_tables.macs(zoo_tables.nodes(table))
    assert figures["layers"] == len(model.layers) == len(zoo_tables.nodes(table))
    same = {key: figures[key] for key in describe(model)}
    assert same == describe(model)


def test_zoo_without_a_name_lists_the_networks() -> None:
    listed = {item["name"]: item for item in api.zoo()["networks"]}
    assert {n: (item["parameters"], item["macs"]) for n, item in listed.items()} == SIZES
    assert listed["lenet5"]["input"] == [1, 32, 32]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"name": "alexnet"}, r"^Zoo network must be one of lenet5, .*, mobilenet, not 'alexnet'$"),
        ({"output": None}, r"^Zoo must get --output for the model's folder; e\.g\. -o model/$"),
        ({"slots": None}, r"^Zoo must get --slots, or --board for its default slots"),
        ({"act_bits": 5}, r"^Zoo act_bits must be 4 or 8, not 5$"),
        ({"seed": -1}, r"^Zoo seed must be 0\.\.9223372036854775807, not -1$"),
        ({"size": 0}, r"^Zoo size must be 1\.\.1024 pixels, not 0$"),
        ({"size": 8}, r"^Zoo size must leave at least a 5x5 window to layer conv02, not a map of "),
        ({"width": float("nan")}, r"^Zoo width must be above 0 and at most 4, not nan; e\.g\. "),
        ({"width": 0.0}, r"^Zoo width must be above 0 and at most 4, not 0\.0; e\.g\. 0\.25$"),
    ],
    ids=lambda value: "" if isinstance(value, str) else next(iter(value)),
)
def test_bad_input_is_refused_by_a_sentence(
    options: dict[str, object], sentence: str, tmp_path: Path
) -> None:
    usual = {"name": "lenet5", "output": tmp_path / "m", "slots": "8:4:4"}
    with pytest.raises(ParameterError, match=sentence):
        api.zoo(**(usual | options))  # type: ignore[arg-type]
    assert not (tmp_path / "m").exists()
