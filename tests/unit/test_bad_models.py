# SPDX-License-Identifier: Apache-2.0
"""Bad models, boards, mixes and designs: one sentence, exit code 2, nothing written."""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from hlsgen import api
from hlsgen.cli import main
from tests.bad_input import matches, snapshot
from tests.unit.conftest import Place

pytestmark = pytest.mark.unit

# Source models


@pytest.mark.parametrize("name", ["a.tflite", "a.onnx"])
@pytest.mark.parametrize("content", [b"", b"\x00" * 64, b"TFL3" * 40, b"PK\x03\x04"])
def test_import_of_no_model(
    refused: Callable[..., str], tmp_path: Path, name: str, content: bytes
) -> None:
    (tmp_path / name).write_bytes(content)
    output = tmp_path / "out"
    matches(refused("import", tmp_path / name, "-o", output), r"^(File a\.tflite|Model file) must ")
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_import_of_a_truncated_model_keeps_the_previous_one(
    refused: Callable[..., str], tmp_path: Path
) -> None:
    pytest.importorskip("tflite")
    from tests.unit.test_import_hostile import small_net

    whole = small_net(tmp_path / "a.tflite")
    api.import_model(whole, tmp_path / "model")
    before = snapshot(tmp_path / "model")
    whole.write_bytes(whole.read_bytes()[:-200])
    matches(
        refused("import", whole, "-o", tmp_path / "model"), r"^(File a\.tflite|TFLite \w+) must "
    )
    assert snapshot(tmp_path / "model") == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.tflite", "model"]


def test_import_of_an_external_path_outside(refused: Callable[..., str], tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    from tests.unit.test_qonnx_hostile import externalise, small

    _, model = small()
    externalise(model.graph.initializer[0], "../../etc/passwd", 4)
    (tmp_path / "m.onnx").write_bytes(model.SerializeToString())
    matches(
        refused("import", tmp_path / "m.onnx", "-o", tmp_path / "out"),
        r"^External data must be a file inside the model's folder, not '\.\./\.\./etc/passwd' ",
    )


def test_import_of_terabytes(refused: Callable[..., str], tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    from tests.unit.test_qonnx_hostile import small

    _, model = small()
    model.graph.initializer[0].dims[:] = [1 << 20, 1 << 20]
    (tmp_path / "m.onnx").write_bytes(model.SerializeToString())
    matches(
        refused("import", tmp_path / "m.onnx", "-o", tmp_path / "out"),
        r"^Constants must have at most 8 axes and \d+ elements, not \(1048576, 1048576\) ",
    )


# Model folders


def damaged(place: Place, folder: Path, change: Callable[[Path], None]) -> Path:
    """A copy of the int8 model with one change; the checksum is mended, so that it is no help."""
    copy = folder / "model"
    shutil.copytree(place.int8, copy)
    change(copy)
    record = copy / "model.yaml"
    text = record.read_text()
    old = next(line for line in text.splitlines() if line.startswith("tensors_sha256: "))
    digest = hashlib.sha256((copy / "tensors.npz").read_bytes()).hexdigest()
    record.write_text(text.replace(old, f"tensors_sha256: {digest}"))
    return copy


def with_member(folder: Path, payload: bytes) -> None:
    """Replace the first array of tensors.npz."""
    path = folder / "tensors.npz"
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members[sorted(members)[0]] = payload
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def npy(header: str, content: bytes = b"") -> bytes:
    text = header.ljust(117).encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + content


def pickled(folder: Path) -> None:
    shape = "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }"
    with_member(folder, npy(shape, b"cos\nsystem\n(S'touch /tmp/hlsgen_was_here'\ntR."))


def terabytes(folder: Path) -> None:
    with_member(
        folder, npy("{'descr': '<i4', 'fortran_order': False, 'shape': (1099511627776,), }")
    )


def truncated(folder: Path) -> None:
    path = folder / "tensors.npz"
    path.write_bytes(path.read_bytes()[:-100])


def reworded(old: str, new: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        path = folder / "model.yaml"
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    return change


NAMES = ["a[exec rm]", "$(touch x)", "a;b", "a*/int x;/*", "../../x", "a b", "`x`", '"x', "x\\ny"]
CHANGES: dict[str, tuple[Callable[[Path], None], str]] = {
    "pickle": (pickled, r"^Array \S+ must be \S+ in C order, not object$"),
    "terabytes": (terabytes, r"^Array \S+ must have at most 4 axes, not shape \(1099511627776,\)$"),
    "truncated": (truncated, r"^File tensors\.npz must be a whole \.npz, not this: .*"),
    "yaml tag": (
        reworded("format: ", "name: !!python/object/apply:os.system [true]\nformat: "),
        r"^File model\.yaml must be readable YAML, not this: .*could not determine a constructor.*",
    ),
    "no yaml": (reworded("format: ", "format: [\n{"), r"^File model\.yaml must be readable YAML, "),
    "version": (reworded("version: 1", "version: 99"), r"^File model\.yaml must have version 1, n"),
    **{
        f"name {name}": (
            reworded("name: digits", f"name: {json.dumps(name)}"),
            r"^Names must be 1 to 200 of the characters A-Z a-z 0-9 _ \. : / -, starting with a le",
        )
        for name in NAMES
    },
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("command", ["build", "estimate", "quantize"])
def test_model_folder_that_is_damaged(
    place: Place, refused: Callable[..., str], tmp_path: Path, change: str, command: str
) -> None:
    function, pattern = CHANGES[change]
    model = damaged(place, tmp_path, function)
    output = () if command == "estimate" else ("-o", tmp_path / "out")
    matches(refused(command, model, "--board", "zedboard", *output), pattern)
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


@pytest.mark.parametrize("command", ["build", "estimate", "quantize"])
def test_model_folder_that_is_none(
    refused: Callable[..., str], tmp_path: Path, command: str
) -> None:
    output = () if command == "estimate" else ("-o", tmp_path / "out")
    matches(
        refused(command, tmp_path / "none", "--board", "zedboard", *output),
        r"^File model\.yaml must be a readable regular file, not refused \(No such file or direct",
    )


# Boards, ratios, designs


def test_unknown_boards(place: Place, refused: Callable[..., str], tmp_path: Path) -> None:
    matches(
        refused("build", place.int8, "--board", "nexys", "-o", tmp_path / "out"),
        r"^Board must be one of pynq_z2, zc706, zedboard, zybo_z7_20 or a path to a board\.yaml, ",
    )
    matches(
        refused("estimate", place.int8, "--board", tmp_path / "none.yaml"),
        r"^Board file must be readable, not .*none\.yaml \(No such file or directory\)$",
    )
    (tmp_path / "odd.yaml").write_text("title: !!python/object/apply:os.system [true]\n")
    matches(
        refused("estimate", place.int8, "--board", tmp_path / "odd.yaml"),
        r"^Board file must be plain YAML \(.*odd\.yaml\): could not determine a constructor ",
    )


@pytest.mark.parametrize(
    ("options", "pattern"),
    [
        (["--ratio", "60:30:5"], r"^Ratio must add up to 100, not 95 \(60:30:5\); e\.g\. 65:30:5$"),
        (["--ratio", "60:40"], r"^Ratio must be three whole numbers pot4:fixed4:fixed8, not '60:4"),
        (["--ratio", "-5:100:5"], r"^Ratio must be three whole numbers .*, not '-5:100:5'; e\.g\."),
        (["--slots", "0:0:0"], r"^Slots must be counts that add up to 1\.\.128 rows, not 0:0:0; "),
        (
            ["--slots", "1:3:1"],
            r"^Slots fixed4 must be even \(two rows share a multiplier\), not 3",
        ),
        (["--act-bits", "5"], r"^Quantize act_bits must be 4 or 8, not 5$"),
        (["--act-bits", "4"], r"^Quantize act_bits=4 must have calibration frames to choose the a"),
    ],
)
def test_bad_mixes(
    place: Place, refused: Callable[..., str], tmp_path: Path, options: list[str], pattern: str
) -> None:
    board = [] if "--slots" in options else ["--board", "zedboard"]
    matches(refused("quantize", place.int8, "-o", tmp_path / "out", *board, *options), pattern)
    assert list(tmp_path.iterdir()) == []


def design(folder: Path, **fields: object) -> Path:
    path = folder / "design.yaml"
    path.write_text(yaml.safe_dump({"mixed": fields}))
    return path


@pytest.mark.parametrize(
    ("fields", "pattern"),
    [
        ({"act_depth": 65536}, r"^Design must need at most 140 bram36 of \S+, not \d+ \(board z"),
        (
            {"fixed8_n": 128},
            r"^Design must need at most 220 dsp of \S+, not \d+ \(board zedboard, ",
        ),
        ({"lanes_n": 3}, r"lanes_n must "),
        ({"pixels_n": -2}, r"pixels_n must "),
        (
            {"colour": 1},
            r"^Design file must match its schema \(.*\): mixed\.colour: Extra inputs a",
        ),
        ({"lanes_n": "4; exec rm"}, r"^Design file must match its schema \(.*\): mixed\.lanes_n: "),
    ],
    ids=lambda value: str(value)[:30],
)
def test_designs_that_do_not_fit_or_do_not_exist(
    place: Place,
    refused: Callable[..., str],
    tmp_path: Path,
    fields: dict[str, object],
    pattern: str,
) -> None:
    options = ("--board", "zedboard", "--design", design(tmp_path, **fields))
    matches(refused("build", place.int8, *options, "-o", tmp_path / "out"), pattern)
    assert [path.name for path in tmp_path.iterdir()] == ["design.yaml"]


def test_estimate_of_a_design_that_does_not_fit_ends_with_1(
    place: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = design(tmp_path, act_depth=65536)
    with pytest.raises(SystemExit) as stop:
        main(["estimate", str(place.int8), "--board", "zedboard", "--design", str(path), "--json"])
    figures = json.loads(capsys.readouterr().out)
    assert stop.value.code == 1
    assert (figures["fits"], figures["binding"]) == (False, "bram36")


def test_model_whose_formats_the_design_lacks(
    place: Place, refused: Callable[..., str], tmp_path: Path
) -> None:
    lacking = design(tmp_path, pot4_n=8, fixed4_n=8, fixed8_n=0)
    options = ("--board", "zedboard", "--design", lacking)
    matches(
        refused("build", place.int8, *options, "-o", tmp_path / "out"),
        r"fixed8.*(slots|rows)",
    )


def test_design_of_another_kind_of_file(
    place: Place, refused: Callable[..., str], tmp_path: Path
) -> None:
    odd = tmp_path / "design.yaml"
    output = tmp_path / "out"
    for text, pattern in (
        ("a: !!python/object/apply:os.system [true]", r"^Design file must be plain YAML \(.*\): "),
        ("[1, 2]", r"^Design file must match its schema \(.*\): file: "),
        (
            "version: 99",
            r"^Design version must be 1, not 99 \(.*\); write the file again with this",
        ),
    ):
        odd.write_text(text)
        command = ("build", place.int8, "--board", "zedboard", "--design", odd, "-o", output)
        matches(refused(*command), pattern)
    command = ("build", place.int8, "--board", "zedboard", "--design", tmp_path, "-o", output)
    matches(refused(*command), r"^Design file must be readable, not .* \(Is a directory\)$")
