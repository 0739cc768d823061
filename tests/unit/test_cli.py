# SPDX-License-Identifier: Apache-2.0
"""The command line: one JSON object, one line for an error, exit codes; the digits through it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from hlsgen import api, console, doctor
from hlsgen.cli import main
from hlsgen.errors import HlsgenError, ModelError, ParameterError, ProjectError
from hlsgen.frames import read_frames, read_labels, write_frames
from hlsgen.model.store import save
from hlsgen.report.figures import Estimate, Measurement, plain, read, record
from hlsgen.resources import resource
from hlsgen.run.netlist import Netlist

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "examples" / "digits"))
import network

from tests.bad_input import interruptible

pytestmark = pytest.mark.unit


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stop:
        main(list(arguments))
    out, err = capsys.readouterr()
    return int(stop.value.code or 0), out, err


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the digits as model/, images.npy, labels.npy and calib.npy."""
    folder = tmp_path_factory.mktemp("digits")
    data = network.load()
    save(network.int8_model(data), folder / "model")
    for name in ("images", "labels", "calibration"):
        np.save(folder / f"{name}.npy", getattr(data, name))
    return folder


def test_boards_as_json_and_as_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "boards", "--json")
    assert (code, err) == (0, "")
    assert [board["name"] for board in json.loads(out)["boards"]] == [
        "pynq_z2",
        "zc706",
        "zedboard",
        "zybo_z7_20",
    ]
    code, out, _ = run(capsys, "boards")
    assert code == 0
    assert "xc7z045ffg900-2" in out


def test_long_mappings_become_tables(capsys: pytest.CaptureFixture[str]) -> None:
    layers = {f"conv_{i}": 1000 * i for i in range(8)}
    console.show({"fits": True, "shares": {"lut": 0.5}, "layers": layers}, as_json=False)
    lines = capsys.readouterr().out.splitlines()
    assert lines[:5] == ["fits    yes", "shares  lut 0.5", "layers", "name    value", "conv_0  0"]
    assert lines[-1] == "conv_7  7,000"


def test_doctor_names_what_is_absent(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    present, absent = (
        doctor.Tool(name=n, needed_for=("sim",), install=f"get {n}", find=lambda w=w: w)
        for n, w in (("perl", "here"), ("g++", None))
    )
    monkeypatch.setattr(doctor, "TOOLS", (present, absent))
    code, out, _ = run(capsys, "doctor", "--json")
    assert code == 1
    assert json.loads(out)["missing"] == ["g++"]


def test_quantize_measures_before_and_after(
    capsys: pytest.CaptureFixture[str], digits: Path, tmp_path: Path
) -> None:
    command = ["quantize", str(digits / "model"), "-o", str(tmp_path / "mixed"), "--json"]
    data = ["--calib", str(digits / "calibration.npy"), "--test", str(digits / "images.npy")]
    labels = ["--labels", str(digits / "labels.npy")]
    code, out, err = run(
        capsys,
        *command,
        *data,
        *labels,
        "--board",
        "zedboard",
        "--ratio",
        "60:35:5",
        "--act-bits",
        "4",
    )
    figures = json.loads(out)
    assert (code, err) == (0, "")
    assert (figures["slots"], figures["layers"], figures["parameters"]) == ("19:12:1", 5, 19088)
    assert figures["accuracy"]["before"] >= 0.97
    assert figures["accuracy"]["integer"] >= 0.97
    assert (tmp_path / "mixed" / "model.yaml").is_file()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["quantize", "M", "-o", "X"], r"^Quantize must get --slots, or --board for its default"),
        (
            ["quantize", "M", "-o", "X", "--slots", "1:2:3", "--ratio", "1:2:97"],
            r"^Quantize must get --slots or --ratio, not both; leave one out$",
        ),
        (["quantize", "M", "-o", "X", "--board", "nexys"], r"^Board must be one of .* not 'nexys'"),
        (
            ["quantize", "M", "-o", "X", "--board", "zc706", "--ratio", "60:30:5"],
            r"^Ratio must add up to 100, not 95 \(60:30:5\); e\.g\. 65:30:5$",
        ),
        (
            ["import", "a.pb", "-o", "X"],
            r"^Source model must be a \.tflite or \.onnx file, or a folder of .* not 'a\.pb'$",
        ),
        (
            ["import", "a.onnx", "-o", "X"],
            r"^Source model must be a file that exists, not a\.onnx$",
        ),
        (
            ["csim", "nowhere"],
            r"^Project must be a folder that hlsgen build wrote, not nowhere; run hlsgen build .*$",
        ),
        (["sim", "nowhere", "--frames", "0"], r"^Frames must be at least 1, not 0$"),
        (["boards", "--colour"], r"^No such option: --colour.*\(hlsgen --help\)$"),
        (["import", "a.onnx"], r"^Missing option '--output' / '-o'\. \(hlsgen --help\)$"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_input_is_one_line_and_code_2(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: Sequence[str],
    sentence: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (2, "")
    assert err.startswith("hlsgen: ")
    assert err.count("\n") == 1
    with pytest.raises(HlsgenError, match=sentence):
        raise HlsgenError(err.removeprefix("hlsgen: ").strip())
    code, out, err = run(capsys, *arguments, "--json")
    assert (code, err, list(json.loads(out))) == (2, "", ["error"])


@pytest.mark.parametrize(
    ("figures", "code"),
    [
        ({"equal": True}, 0),
        ({"equal": False}, 1),
        ({"fits": False}, 1),
        ({"missing": ["g++"]}, 1),
        ({"missing": []}, 0),
    ],
)
def test_exit_code_of_a_failed_check(figures: dict[str, object], code: int) -> None:
    assert console.run_command("Testing", lambda: figures, as_json=True) == code


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (ModuleNotFoundError(name="tflite.Model"), "The Python package tflite must be installed"),
        (MemoryError(), "Memory must suffice for this input, but does not; use fewer frames"),
        (OSError(28, "x"), "The file system refused: No space left on device"),
        (KeyError("x"), "internal error, please report it: KeyError: 'x'"),
    ],
    ids=["module", "memory", "disk", "bug"],
)
def test_other_errors_are_sentences_too(
    capsys: pytest.CaptureFixture[str], error: Exception, sentence: str
) -> None:
    def work() -> dict[str, object]:
        raise error

    assert console.run_command("Testing", work, as_json=True) == 2
    assert json.loads(capsys.readouterr().out)["error"].startswith(sentence)


def test_interrupt_is_one_line_and_code_130(tmp_path: Path) -> None:
    script = (
        "import sys, time; from hlsgen import api\n"
        "def wait():\n    print('ready', flush=True); time.sleep(30)\n"
        "api.boards = wait\nfrom hlsgen import cli\ncli.main(['boards'])\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(api.__file__).parents[1])},
        preexec_fn=interruptible,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert err == "hlsgen: interrupted; the previous output is untouched\n"


def test_frames_files_are_checked(tmp_path: Path) -> None:
    good, text = tmp_path / "a.npy", tmp_path / "b.npy"
    write_frames(good, np.arange(12.0).reshape(4, 3))
    assert read_frames(good, 2).shape == (2, 3)
    np.save(text, np.array([["a"]]))
    with pytest.raises(ModelError, match=r"^Frames must be an array of numbers with frames first"):
        read_frames(text)
    with pytest.raises(ModelError, match=r"^Labels must be one whole number for each of 4 frames"):
        read_labels(good, 4)
    with pytest.raises(ModelError, match=r"^Input must be a \.npy file that exists, not .*none$"):
        read_frames(tmp_path / "none")


def test_hostile_frames_files_are_refused(tmp_path: Path) -> None:
    sentence = r"^Input must be a whole \.npy file of plain numbers, not .*; write it with numpy"
    path = tmp_path / "x.npy"
    np.save(path, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(ModelError, match=sentence):
        read_frames(path)
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1099511627776, 8), }"
    header = header.ljust(117) + b"\n"
    path.write_bytes(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header)
    with pytest.raises(ModelError, match=sentence):
        read_frames(path)
    for junk in (b"", b"\x93NUMPY", b"PK\x03\x04 not a zip", os.urandom(64)):
        path.write_bytes(junk)
        with pytest.raises(ModelError, match=sentence):
            read_frames(path)


def test_report_keeps_estimates_and_measurements_apart(tmp_path: Path) -> None:
    estimate = {key: 1 for key in Estimate.KEYS}
    synth = {key: 2 for key in Measurement.KEYS["synth"]}
    record(tmp_path, Estimate(figures=dict(estimate)))
    record(tmp_path, Measurement(command="synth", figures=dict(synth)))
    report = read(tmp_path)
    assert report["estimate"] == estimate
    assert report["measurements"] == {"synth": synth}
    (tmp_path / "report.json").write_text("[" * 10_000)
    assert read(tmp_path)["estimate"] is None


def test_figures_must_hold_their_keys() -> None:
    with pytest.raises(
        ProjectError, match=r"^Figures of csim must hold frames, .*, which is absent"
    ):
        Measurement(command="csim", figures={"equal": True})
    with pytest.raises(ProjectError, match=r"^Measurement command must be one of csim, sim, synth"):
        Measurement(command="estimate", figures={})


def test_plain_values_are_json() -> None:
    value = {"a": np.int64(3), "b": (np.float32(0.5), float("inf")), "c": Path("x"), 4: None}
    assert plain(value) == {"a": 3, "b": [0.5, None], "c": "x", "4": None}
    assert json.dumps(plain(np.eye(2, dtype=bool))) == "[[true, false], [false, true]]"


def test_accuracy_needs_frames(digits: Path, tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"^Accuracy must have frames for its --labels; give"):
        api.quantize_model(
            digits / "model", tmp_path / "x", slots="8:4:4", labels=digits / "labels.npy"
        )
    assert not (tmp_path / "x").exists()


def test_a_board_of_ones_own_serves_build_and_synth(
    digits: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_text(resource("boards/zc706/board.yaml").read_text())
    project = tmp_path / "project"
    figures = api.build(digits / "model", board=str(mine), output=project)
    assert figures["board"] == "mine"
    module = {"cells": {}, "attributes": {}, "ports": {}, "netnames": {}}
    empty = Netlist({"modules": {"hlsgen_top": module}}, "hlsgen_top")
    monkeypatch.setattr("hlsgen.run.synth.map_design", lambda files, top: empty)
    assert api.synth(project)["device"] == "xc7z045"
