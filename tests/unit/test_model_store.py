# SPDX-License-Identifier: Apache-2.0
"""Models survive the disk byte for byte; files nobody vouches for are refused in one sentence."""

from __future__ import annotations

import hashlib
import io
import os
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml

from hlsgen.errors import ModelError
from hlsgen.model import golden
from hlsgen.model.graph import Model
from hlsgen.model.numbers import Format
from hlsgen.model.store import load, save
from tests.models import random_codes, random_model

pytestmark = pytest.mark.unit


def some_model(seed: int = 1, layers: int = 7) -> Model:
    rng = np.random.default_rng(seed)
    return random_model(rng, formats=list(Format), layers=layers, max_hw=8, max_channels=8)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save(some_model(), tmp_path / "model")
    return tmp_path / "model"


@pytest.mark.parametrize("seed", range(8))
def test_store_round_trip_computes_the_same(seed: int, tmp_path: Path) -> None:
    model = some_model(seed)
    save(model, tmp_path / "m")
    again = load(tmp_path / "m")
    codes = random_codes(model, np.random.default_rng(seed), 2)
    want, got = golden.run(model, codes), golden.run(again, codes)
    assert list(again.tensors.values()) == list(model.tensors.values())
    assert [layer.name for layer in again.layers] == [layer.name for layer in model.layers]
    assert all(np.array_equal(want[name], got[name]) for name in want)
    assert again.preprocess == model.preprocess


def test_store_writes_the_same_bytes_for_the_same_model(tmp_path: Path) -> None:
    model = some_model()
    save(model, tmp_path / "a")
    save(load(tmp_path / "a"), tmp_path / "b")
    for name in ("model.yaml", "tensors.npz"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_store_keeps_input_levels_and_output_maps(tmp_path: Path) -> None:
    model = some_model()
    tensor, output = model.tensors[model.input], model.outputs[0]
    channels = model.tensors[output].shape[0]
    levels = tuple(
        tuple(float(np.float32(0.1 * (k + c))) for k in range(tensor.hi - tensor.lo))
        for c in range(tensor.shape[0])
    )
    affine = {output: (np.linspace(1, 2, channels), np.linspace(-1, 0, channels))}
    pre = replace(model.preprocess, levels=levels, first=tensor.lo)
    model = replace(model, preprocess=pre, output_affine=affine)
    save(model, tmp_path / "m")
    again = load(tmp_path / "m")
    assert again.preprocess == pre
    x = np.random.default_rng(0).uniform(-1, 30, (2, *tensor.shape))
    codes = golden.preprocess(again, x)
    counts = [
        (x[:, c, ..., None].astype("f4") >= np.float32(row)).sum(-1) for c, row in enumerate(levels)
    ]
    assert np.array_equal(codes, tensor.lo + np.stack(counts, axis=1))
    raw = np.ones((1, channels, 1, 1), int) * 3
    want = 3 * affine[output][0] + affine[output][1]
    assert np.array_equal(golden.dequantise(again, output, raw)[0, :, 0, 0], want)


def test_store_failed_save_leaves_the_previous_model(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (folder / "tensors.npz").read_bytes()
    monkeypatch.setattr(Path, "write_text", _refuse)
    with pytest.raises(KeyboardInterrupt):
        save(some_model(2), folder)
    assert (folder / "tensors.npz").read_bytes() == before
    load(folder)


def _refuse(*_: object, **__: object) -> int:
    raise KeyboardInterrupt


def edit_yaml(folder: Path, change: Callable[[dict], object]) -> None:  # type: ignore[type-arg]
    data = yaml.safe_load((folder / "model.yaml").read_text())
    change(data)
    (folder / "model.yaml").write_text(yaml.safe_dump(data))


def put_npz(folder: Path, content: bytes) -> None:
    (folder / "tensors.npz").write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    edit_yaml(folder, lambda data: data.update(tensors_sha256=digest))


def members(folder: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(folder / "tensors.npz") as archive:
        return {info.filename: archive.read(info) for info in archive.infolist()}


def packed(parts: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def header(shape: tuple[int, ...], dtype: str) -> bytes:
    buffer = io.BytesIO()
    fields = {"descr": dtype, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(buffer, fields)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a: &x [1]\nb: *x\n", r"^File model\.yaml must not use aliases \(\*name\); write values"),
        ("[" * 100, r"^File model\.yaml must nest at most 16 levels deep$"),
        ("{", r"^File model\.yaml must be readable YAML, not this: "),
        ("!!python/object/apply:os.system [ls]", r"^File model\.yaml must be readable YAML, not t"),
        ("just text", r"^File model\.yaml must start with 'format: hlsgen-model' \("),
        ("format: hlsgen-model\nversion: 99\n", r"^File model\.yaml must have version 1, not 99; "),
        (
            "format: hlsgen-model\nversion: 1\n",
            r"^File model\.yaml must keep the model's fields, n",
        ),
        ("x: \x00", r"^File model\.yaml must be readable YAML, not this: "),
    ],
    ids=["alias", "deep", "broken", "python", "text", "version", "fields", "nul"],
)
def test_store_refuses_yaml(folder: Path, text: str, sentence: str) -> None:
    (folder / "model.yaml").write_text(text)
    with pytest.raises(ModelError, match=sentence):
        load(folder)


def test_store_refuses_unknown_fields_and_text_for_numbers(folder: Path) -> None:
    edit_yaml(folder, lambda data: data.update(extra=1))
    with pytest.raises(ModelError, match=r"not break 1: extra: Extra inputs are not permitted$"):
        load(folder)
    edit_yaml(folder, lambda data: (data.pop("extra"), data["tensors"][0].update(bits="8")))
    with pytest.raises(ModelError, match=r"not break 1: tensors\.0\.bits: Input should be a valid"):
        load(folder)


def test_store_refuses_names_that_could_escape(folder: Path) -> None:
    edit_yaml(folder, lambda data: data.update(name="../../etc"))
    with pytest.raises(
        ModelError, match=r"^Names must be 1 to 200 of the characters .*, not '\.\."
    ):
        load(folder)


def test_store_refuses_links_pipes_and_absent_files(folder: Path, tmp_path: Path) -> None:
    real = tmp_path / "elsewhere.npz"
    (folder / "tensors.npz").rename(real)
    (folder / "tensors.npz").symlink_to(real)
    refused = r"^File tensors\.npz must be a readable regular file, not refused \("
    with pytest.raises(ModelError, match=refused):
        load(folder)
    (folder / "tensors.npz").unlink()
    with pytest.raises(ModelError, match=refused):
        load(folder)
    os.mkfifo(folder / "tensors.npz")
    with pytest.raises(ModelError, match=r"^File tensors\.npz must be a regular file \("):
        load(folder)


def test_store_refuses_huge_files(folder: Path) -> None:
    with (folder / "model.yaml").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(
        ModelError, match=r"^File model\.yaml must have at most 8388608 bytes, not "
    ):
        load(folder)


def test_store_refuses_tensors_of_another_model(folder: Path) -> None:
    data = bytearray((folder / "tensors.npz").read_bytes())
    data[-1] ^= 1
    (folder / "tensors.npz").write_bytes(bytes(data))
    with pytest.raises(
        ModelError, match=r"^File tensors\.npz must be the one that model\.yaml was"
    ):
        load(folder)


def test_store_refuses_claims_of_terabytes(folder: Path) -> None:
    parts = members(folder)
    parts["0000.weights.npy"] = header((1 << 30, 1 << 30, 1, 1), "|i1")
    put_npz(folder, packed(parts))
    with pytest.raises(ModelError, match=r"^Array 0000\.weights must fill its file, not claim 115"):
        load(folder)


def test_store_refuses_zip_bombs(folder: Path) -> None:
    parts = members(folder)
    size = 170_000_000
    parts["0000.weights.npy"] = header((size, 1, 1, 1), "|i1") + bytes(size)
    put_npz(folder, packed(parts))
    assert (folder / "tensors.npz").stat().st_size < 1_000_000
    with pytest.raises(
        ModelError, match=r"^File tensors\.npz must hold at most 160000000 elements"
    ):
        load(folder)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", r"^File tensors\.npz must be a whole \.npz, not this: "),
        (header((1, 1, 1, 1), "|O"), r"^Array 0000\.weights must be int8 in C order, not object$"),
        (
            header((1, 1, 1, 1), "<f8"),
            r"^Array 0000\.weights must be int8 in C order, not float64$",
        ),
        (header((0,) * 9, "|i1"), r"^Array 0000\.weights must have at most 4 axes, not shape "),
        (header((-1, 1), "|i1"), r"^Array 0000\.weights must have at most 4 axes, not shape "),
    ],
    ids=["empty", "object", "float", "axes", "negative"],
)
def test_store_refuses_arrays(folder: Path, content: bytes, sentence: str) -> None:
    parts = members(folder)
    parts["0000.weights.npy"] = content
    put_npz(folder, packed(parts))
    with pytest.raises(ModelError, match=sentence):
        load(folder)


def test_store_refuses_foreign_members(folder: Path) -> None:
    parts = members(folder) | {"../../x.npy": b""}
    put_npz(folder, packed(parts))
    with pytest.raises(
        ModelError, match=r"^File tensors\.npz must hold one array for each layer's "
    ):
        load(folder)


@pytest.mark.parametrize("seed", range(60))
def test_store_survives_damage(seed: int, folder: Path) -> None:
    rng = np.random.default_rng(seed)
    name = ("model.yaml", "tensors.npz")[seed % 2]
    data = bytearray((folder / name).read_bytes())
    for _ in range(int(rng.integers(1, 8))):
        data[int(rng.integers(len(data)))] = int(rng.integers(256))
    content = bytes(data[: int(rng.integers(len(data)))]) if seed % 5 == 0 else bytes(data)
    if name == "tensors.npz":
        put_npz(folder, content)
    else:
        (folder / name).write_bytes(content)
    try:
        load(folder)
    except ModelError as error:
        assert str(error).isprintable() or "\n- " in str(error)
