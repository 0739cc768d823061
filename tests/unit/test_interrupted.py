# SPDX-License-Identifier: Apache-2.0
"""Ctrl-C and a full disk in the middle: one line, and the previous output stays whole."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from tests.bad_input import interruptible, matches, snapshot
from tests.conftest import ROOT
from tests.unit.conftest import Place

pytestmark = pytest.mark.unit
_LINE = "hlsgen: interrupted; the previous output is untouched\n"
_PATIENCE = 60.0  # seconds until a command must have reached its middle

# A tool that says that it runs and does not end by itself; its version is asked for first
_TOOL = """#!/bin/sh
test "$1" = --version && echo tool 1.0 && exit 0
sleep 600 &
echo $! > "$STARTED.new"
mv "$STARTED.new" "$STARTED"
wait
"""
# Build, with the moment between two of its folders drawn out
_BUILD = """
import os, sys, time
from pathlib import Path
from hlsgen import cli
from hlsgen.emit import project
real = project.write_hls
def slow(*arguments):
    real(*arguments)
    Path(os.environ["STARTED"]).write_text("0")
    time.sleep(600)
project.write_hls = slow
cli.main(sys.argv[1:])
"""
# Files may not grow beyond a number of bytes: what a full disk answers, sooner
_SMALL = """
import resource, sys
from hlsgen import cli
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), resource.RLIM_INFINITY))
cli.main(sys.argv[2:])
"""


def start(
    folder: Path, script: str, *arguments: str | Path, env: Mapping[str, str] | None = None
) -> subprocess.Popen[str]:
    whole = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "HLSGEN_CACHE": str(folder / "cache"),
        "STARTED": str(folder / "started"),
        **(env or {}),
    }
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=whole,
        cwd=folder,
        preexec_fn=interruptible,
    )


def interrupted(process: subprocess.Popen[str], folder: Path, sent: signal.Signals) -> int:
    """Interrupt a command in its middle; returns the process that its tool had started."""
    end, started = time.monotonic() + _PATIENCE, folder / "started"
    while not (started.exists() and started.read_text()):  # a file may be there before its text
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.02)
    process.send_signal(sent)  # to the command alone, as a CI does; a terminal tells its tools too
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (130, "", _LINE)
    return int(started.read_text())


def runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1][0]
    return state not in "ZX"


def tool(folder: Path) -> str:
    path = folder / "tool"
    path.write_text(_TOOL)
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_build_interrupted_in_the_middle(
    place: Place, tmp_path: Path, sent: signal.Signals
) -> None:
    project = tmp_path / "project"
    shutil.copytree(place.project, project)
    before = snapshot(project)
    process = start(tmp_path, _BUILD, "build", place.int8, "--board", "zc706", "-o", project)
    interrupted(process, tmp_path, sent)
    assert snapshot(project) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["project", "started"]


@pytest.mark.parametrize("command", ["csim", "sim"])
def test_simulation_interrupted_while_it_compiles(
    place: Place, tmp_path: Path, command: str
) -> None:
    if command == "sim":
        pytest.importorskip("cocotb")
    project = tmp_path / "project"
    shutil.copytree(place.project, project)
    np.save(tmp_path / "y.npy", np.ones(3))
    before = snapshot(tmp_path)
    name = tool(tmp_path)
    process = start(
        tmp_path, "import sys; from hlsgen import cli; cli.main(sys.argv[1:])",
        command, project, "--output", tmp_path / "y.npy",
        env={"CXX": name, "HLSGEN_VERILATOR": name},
    )  # fmt: skip
    child = interrupted(process, tmp_path, signal.SIGINT)
    assert not runs(child)
    for left in ("tool", "started"):
        (tmp_path / left).unlink()
    assert snapshot(tmp_path) == before  # nothing half made lies in the cache either


@pytest.mark.parametrize("command", ["build", "quantize"])
@pytest.mark.parametrize("limit", [100, 20_000])
def test_output_without_room(place: Place, tmp_path: Path, command: str, limit: int) -> None:
    output = tmp_path / "out"
    shutil.copytree(place.project if command == "build" else place.int8, output)
    before = snapshot(output)
    process = start(
        tmp_path, _SMALL, str(limit), command, place.int8, "--board", "zedboard", "-o", output
    )
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (2, "")
    assert err.count("\n") == 1
    matches(
        err,
        r"^hlsgen: Output \S+ must be writable, not refused \(File too large\); the previous o",
    )
    assert snapshot(output) == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
