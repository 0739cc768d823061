# SPDX-License-Identifier: Apache-2.0
"""Every HLS header compiles on its own, without a warning, with native and with exact types."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from hlsgen.emit.hls import hls_sources, write_hls
from hlsgen.engines.mixed import MixedSpec
from hlsgen.engines.proposal import ProposalSpec
from hlsgen.resources import resource
from hlsgen.run.tools import find_compiler, find_headers
from tests.designs import spec_of

pytestmark = pytest.mark.lint

# Every kind of row, two weight ports and codes of two planes; an odd number of lanes and both image
# ports; a camera.
SPECS: dict[str, MixedSpec | ProposalSpec] = {
    "mixed": spec_of(
        19, 12, 1, act_bits=4, lanes_n=8, pixels_n=6, weight_ports_n=2, wide_codes=True
    ),
    "proposal": ProposalSpec(lanes_n=5, ports_n=2),
    "camera": ProposalSpec(stream_pixels=2),
}
FIRST = "first.h"
VARIANTS = {"monitor": ("-DHG_MONITOR",), "plain": (), "exact": ("-DHG_AP_TYPES",)}
CASES = [
    (engine, path.name, variant)
    for engine, spec in SPECS.items()
    for path in hls_sources(spec)
    for variant in VARIANTS
    if path.suffix == ".cpp"  # programs instantiate every header
    or (variant == "monitor" and engine != "camera")
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """HLS sources of a design of each engine, and AMD's header in its precompiled form."""
    folder = tmp_path_factory.mktemp("hls")
    for engine, spec in SPECS.items():
        write_hls(spec, folder / engine)
    first = folder / FIRST
    first.write_text("#include <ap_int.h>\n", encoding="utf-8")
    made = compiled("-x", "c++-header", str(first), "-o", f"{first}.gch")
    assert made.returncode == 0, made.stderr[-2000:]
    return folder


def compiled(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Outcome of the compiler with warnings as errors."""
    flags = ("-std=c++14", "-Wall", "-Wextra", "-Werror", f"-isystem{find_headers()}")
    command = [str(find_compiler()), *flags, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_every_header_belongs_to_an_engine() -> None:
    found = {path.name for spec in SPECS.values() for path in hls_sources(spec)}
    files = {path.name for path in resource("templates/hls").iterdir() if path.suffix != ".j2"}
    assert found == files


@pytest.mark.parametrize(("engine", "name", "variant"), CASES)
def test_hls_source_compiles_without_a_warning(
    engine: str, name: str, variant: str, folder: Path
) -> None:
    """AMD's header stands first: reading it anew would take most of the time.

    A header that forgets to include `types.hpp` is still seen, by the names of that file.
    """
    place = folder / engine
    done = compiled(
        *("-fsyntax-only", "-include", str(folder / FIRST), *VARIANTS[variant]),
        *(f"-I{place}", str(place / name)),
    )
    assert done.returncode == 0, done.stderr[-2000:]
