# SPDX-License-Identifier: Apache-2.0
"""The stand-in for lz4 writes LZ4 blocks, and small ones."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest

from hlsgen.run.tools import find_compiler
from tests.conftest import ROOT
from tests.lz4 import decoded

pytestmark = pytest.mark.lint
_MAIN = """
#include <lz4.h>
#include <iostream>
#include <iterator>
#include <string>
int main() {
    std::string in{std::istreambuf_iterator<char>(std::cin), {}};
    std::string out(LZ4_compressBound(in.size()), 0);
    const int size = LZ4_compress_default(in.data(), out.data(), in.size(), out.size());
    if (LZ4_compress_default(in.data(), out.data(), in.size(), in.size()) != 0) return 1;
    std::cout.write(out.data(), size);
}
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lz4")
    (folder / "main.cpp").write_text(_MAIN)
    flags = ["-std=c++17", "-Wall", "-Wextra", "-Werror", "-fsanitize=address,undefined"]
    command = [find_compiler(), *flags, f"-I{ROOT / 'sim/waves'}", folder / "main.cpp"]
    subprocess.run([*command, "-o", folder / "main"], check=True)
    return folder / "main"


def contents() -> dict[str, bytes]:
    rng = np.random.default_rng(1)
    words = rng.integers(0, 256, (40, 12), np.uint8)
    return {
        "nothing": b"",
        "one": b"a",
        "short": b"abcabcabcabcab",
        "zeros": bytes(100_000),
        "noise": rng.integers(0, 256, 70_000, np.uint8).tobytes(),
        "words": words[rng.integers(0, 40, 9000)].tobytes(),
        "far": (noise := rng.integers(0, 256, 66_000, np.uint8).tobytes()) + noise,
    }


@pytest.mark.parametrize("name", contents())
def test_lz4_blocks_decode(program: Path, name: str) -> None:
    data = contents()[name]
    done = subprocess.run([program], input=data, capture_output=True, check=True)
    assert decoded(done.stdout) == data
    if name in ("zeros", "words"):
        assert len(done.stdout) < len(data) / 3
