# SPDX-License-Identifier: Apache-2.0
"""Every HLS header compiles on its own, without a warning, with native and with exact types."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from hlsgen.emit.hls import hls_sources, write_hls
from hlsgen.run.tools import find_compiler, find_headers
from tests.designs import spec_of

pytestmark = pytest.mark.lint

SOURCES = [path.name for path in hls_sources()]
VARIANTS = {"monitor": ("-DHG_MONITOR",), "plain": (), "exact": ("-DHG_AP_TYPES",)}
CASES = [
    (name, variant)
    for name in SOURCES
    for variant in VARIANTS
    if variant == "monitor" or name.endswith(".cpp")  # programs instantiate every header
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """HLS sources of a design with every kind of row and two weight ports."""
    spec = spec_of(19, 12, 1, act_bits=4, lanes_n=8, pixels_n=6, weight_ports_n=2)
    folder = tmp_path_factory.mktemp("hls")
    write_hls(spec, folder)
    return folder


@pytest.mark.parametrize(("name", "variant"), CASES)
def test_hls_source_compiles_without_a_warning(name: str, variant: str, folder: Path) -> None:
    command = [
        str(find_compiler()),
        *("-std=c++14", "-Wall", "-Wextra", "-Werror", "-fsyntax-only"),
        *VARIANTS[variant],
        *(f"-isystem{find_headers()}", f"-I{folder}", str(folder / name)),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
