# SPDX-License-Identifier: Apache-2.0
"""Import of BING folders: the numbers, and one sentence for what is wrong with the files."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hlsgen import api
from hlsgen.frontends.bing import binarise, integer_coefficients, load_bing
from hlsgen.model import store
from hlsgen.model.filters import score_range
from hlsgen.model.proposal import verify
from tests.bad_input import matches, snapshot
from tests.bing import SIZES, real_model, write_matrix, write_space

pytestmark = pytest.mark.unit
Refused = Callable[..., str]
KEY = "ObjNessB2W8MAXBGR"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "bing_files"
    folder.mkdir()
    write_space(folder)
    return folder


def test_bing_numbers_come_near_the_source(source: Path) -> None:
    (space,) = load_bing(source).spaces
    random = np.random.default_rng(0)
    weights = random.normal(1e-4, 2e-4, (8, 8))
    lines = np.stack([random.uniform(0.1, 5, 4), random.uniform(-1.1, -0.8, 4)], axis=1)
    basis, reals = binarise(weights)
    assert space.sizes == SIZES
    approximation = space.weights * space.score_unit
    assert np.abs(approximation - (basis * np.array(reals)[:, None, None]).sum(0)).max() < 1e-7
    unit = 2.0 ** -(load_bing(source).fraction_bits + 10)
    assert np.allclose(space.slope * unit, lines[:, 0] * space.score_unit, rtol=1e-4)
    assert np.abs(space.offset * unit - lines[:, 1]).max() < 1e-6


def test_bing_real_filter_has_the_published_bits() -> None:
    model = real_model()
    assert [space.name for space in model.spaces] == ["bgr", "hsv", "gray"]
    bits = ["".join("1" if sign > 0 else "0" for sign in b.ravel()) for b in model.spaces[0].basis]
    assert [int(text, 2) for text in bits] == [0x7EFFFFE3C3EFE75A, 0x7E7E42DF7E521824]
    assert model.spaces[0].coefficients[0] * model.spaces[0].score_unit == pytest.approx(
        1.648694e-4, rel=1e-6
    )
    assert [len(space.sizes) for space in model.spaces] == [28, 28, 28]


def test_bing_coefficients_have_the_nearest_ratio_that_fits() -> None:
    basis, _ = binarise(np.random.default_rng(0).normal(1e-4, 2e-4, (8, 8)))
    pair, unit = integer_coefficients(basis, (3e-4, 2e-4))
    assert pair == (3, 2)
    assert unit == pytest.approx(1e-4)
    irrational, _ = integer_coefficients(basis, (1.0, 2**-0.5))
    errors = [abs(round(n * 2**-0.5) / n - 2**-0.5) for n in range(1, irrational[0])]
    assert abs(irrational[1] / irrational[0] - 2**-0.5) < min(errors)


def test_bing_folder_comes_back_from_the_store(source: Path, tmp_path: Path) -> None:
    write_space(source, "HSV", seed=1)
    figures = api.import_model(source, tmp_path / "model")
    assert (figures["layers"], figures["parameters"]) == (2, 2 * (128 + 2 + 8))
    model, again = load_bing(source), store.load_proposal(tmp_path / "model")
    assert (again.name, again.fraction_bits, again.source) == (
        model.name,
        model.fraction_bits,
        model.source,
    )
    for given, found in zip(model.spaces, again.spaces, strict=True):
        assert (given.name, given.coefficients, given.sizes, given.score_unit) == (
            found.name,
            found.coefficients,
            found.sizes,
            found.score_unit,
        )
        for field in ("basis", "slope", "offset"):
            assert np.array_equal(getattr(given, field), getattr(found, field))
    before = snapshot(tmp_path / "model")
    api.import_model(source, tmp_path / "model")
    assert snapshot(tmp_path / "model") == before


def test_bing_values_fit_for_every_score(source: Path) -> None:
    model = load_bing(source)
    verify(model)
    (space,) = model.spaces
    low, high = score_range(space.weights)
    values = [(s * int(space.slope[0]) + int(space.offset[0])) >> 10 for s in (low, high)]
    assert all(-(1 << 31) <= value < 1 << 31 for value in values)
    assert int(space.slope.max()).bit_length() <= 24


DAMAGES = {
    "missing": (
        lambda f: (f / f"{KEY}.wS2.yml.gz").unlink(),
        rf"^Model folder must hold {KEY}\.wS2\.yml\.gz, which is missing; a colour space needs",
    ),
    "empty": (
        lambda f: [path.unlink() for path in f.iterdir()],
        r"^Model folder must hold the files wS1, idx and wS2 of one of ObjNessB2W8MAXBGR, ",
    ),
    "truncated": (
        lambda f: (p := f / f"{KEY}.wS1.yml.gz").write_bytes(p.read_bytes()[:100]),
        rf"^File {KEY}\.wS1\.yml\.gz must be a whole gzip file, which this is not; copy it again$",
    ),
    "sizes disagree": (
        lambda f: write_matrix(f, KEY, "wS2", np.zeros((3, 2))),
        rf"^Calibration {KEY}\.wS2 must be 4x2 \(a line for each size of {KEY}\.idx\), not 3x2$",
    ),
    "large filter": (
        lambda f: write_matrix(f, KEY, "wS1", np.zeros((9, 8))),
        rf"^Filter {KEY}\.wS1 must be 8x8, not 9x8$",
    ),
    "zero filter": (
        lambda f: write_matrix(f, KEY, "wS1", np.zeros((8, 8))),
        r"^Filter wS1 must not be zero everywhere$",
    ),
    "size out of range": (
        lambda f: write_matrix(f, KEY, "idx", np.array([[0], [1], [2], [36]])),
        rf"^Sizes {KEY}\.idx must be in 0\.\.35, not 0\.\.36$",
    ),
    "size twice": (
        lambda f: write_matrix(f, KEY, "idx", np.array([[0], [1], [1], [3]])),
        rf"^Sizes {KEY}\.idx must be one column of different whole numbers$",
    ),
    "not finite": (
        lambda f: write_matrix(f, KEY, "wS2", np.full((4, 2), np.inf)),
        rf"^Matrix data must be finite numbers \({KEY}\.wS2\.yml\.gz\)$",
    ),
    "huge slopes": (
        lambda f: write_matrix(f, KEY, "wS2", np.full((4, 2), 1e30)),
        r"^Calibration wS2 must be so small that slopes and values fit .* not up to 1e\+30$",
    ),
    "another key": (
        lambda f: write_matrix(f, "Other", "x", np.zeros((8, 8))).rename(f / f"{KEY}.wS1.yml.gz"),
        rf"^File {KEY}\.wS1\.yml\.gz must hold the matrix {KEY}$",
    ),
}
TEXTS = {
    "huge matrix": (
        f"{KEY}:\n   rows: 2000000000\n   cols: 8\n   data: [ 1 ]\n",
        r"^Matrix rows and cols must be in 1\.\.4096, not 2000000000 and 8 ",
    ),
    "too little data": (
        f"{KEY}:\n   rows: 8\n   cols: 8\n   data: [ 1 ]\n",
        r"^Matrix data must have rows x cols = 8x8 numbers \(at most 4096\), not 1 ",
    ),
    "alias": (f"a: &a [1]\n{KEY}: *a\n", r"^File .* must hold plain numbers, not YAML tags or ali"),
    "not YAML": (f"{KEY}: [1", r"^File .*wS1\.yml\.gz must be OpenCV's YAML, which this is not$"),
    "huge text": ("#" * 300_000, r"^File .*wS1\.yml\.gz must unpack to at most 262144 bytes$"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_bing_folder_refused(source: Path, tmp_path: Path, refused: Refused, damage: str) -> None:
    harm, pattern = DAMAGES[damage]
    harm(source)
    matches(refused("import", source, "-o", tmp_path / "model"), pattern)
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize("damage", TEXTS)
def test_bing_text_refused(source: Path, tmp_path: Path, refused: Refused, damage: str) -> None:
    text, pattern = TEXTS[damage]
    (source / f"{KEY}.wS1.yml.gz").write_bytes(gzip.compress(f"%YAML:1.0\n{text}".encode()))
    matches(refused("import", source, "-o", tmp_path / "model"), pattern)


def test_bing_model_is_kept_from_commands_of_layers(
    source: Path, tmp_path: Path, refused: Refused
) -> None:
    api.import_model(source, tmp_path / "model")
    output = tmp_path / "quantised"
    sentence = refused("quantize", tmp_path / "model", "--board", "zedboard", "-o", output)
    matches(sentence, r"^Model must be a graph of layers for this command, not region proposals ")


def test_bing_model_file_must_name_a_known_kind(source: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    api.import_model(source, folder)
    yaml_file = folder / "model.yaml"
    yaml_file.write_text(yaml_file.read_text().replace("kind: proposal", "kind: 7"))
    with pytest.raises(ValueError, match=r"^File model\.yaml must have a kind of layers, proposal"):
        store.load_any(folder)


@pytest.mark.parametrize(
    ("old", "new", "pattern"),
    [
        ("sizes: [0, 7, 14, 35]", "sizes: [7, 0, 14, 35]", r"^Model sizes must be different numb"),
        ("sizes: [0, 7, 14, 35]", "sizes: [0, 7]", r"^Model arrays must be 2x8x8, 2 and 2 "),
        ("name: bgr", "name: lab", r"^File model\.yaml must keep the model's fields"),
        ("fraction_bits: 28", "fraction_bits: 99", r"^Model fraction_bits must be in 0\.\.40, not"),
        ("coefficients: [", "coefficients: [900, ", r"^File model\.yaml must keep the model's fie"),
    ],
    ids=["order", "count", "space", "fraction", "three"],
)
def test_bing_model_file_refused(
    source: Path, tmp_path: Path, old: str, new: str, pattern: str
) -> None:
    folder = tmp_path / "model"
    api.import_model(source, folder)
    yaml_file = folder / "model.yaml"
    text = yaml_file.read_text()
    assert old in text
    yaml_file.write_text(text.replace(old, new))
    with pytest.raises(ValueError, match=pattern):
        store.load_proposal(folder)


def test_bing_model_proves_its_widths(source: Path) -> None:
    model = load_bing(source)
    (space,) = model.spaces
    for wrong, what in (
        ({"coefficients": (128, 1)}, "coefficients must fit 8 bits"),
        (
            {"coefficients": (127, 127), "basis": np.abs(space.basis)},
            "scores must fit 18 bits",
        ),
        ({"slope": np.full(4, 1 << 24)}, "slopes must fit 25 bits"),
        ({"offset": np.full(4, 1 << 42)}, "calibrated values must fit 32 bits"),
        ({"basis": space.basis * 0}, "basis must hold only -1 and"),
    ):
        with pytest.raises(ValueError, match=f"^Model {what}"):
            verify(replace(model, spaces=(replace(space, **wrong),)))


def test_bing_import_prints_json(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from hlsgen.cli import main

    with pytest.raises(SystemExit) as stop:
        main(["import", str(source), "-o", str(tmp_path / "model"), "--json"])
    assert stop.value.code == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["spaces"] == {"bgr": "4 sizes"}
