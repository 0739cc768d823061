# SPDX-License-Identifier: Apache-2.0
"""Small programs compiled with a design's HLS sources."""

from __future__ import annotations

import shutil
from pathlib import Path

from hlsgen.emit.hls import write_hls
from hlsgen.engines.mixed import MixedSpec
from hlsgen.run.csim_build import compile_program


def stages(spec: MixedSpec, folder: Path, *flags: str) -> Path:
    """Compile the stage program of a design; cached by content."""
    write_hls(spec, folder)
    shutil.copy(Path(__file__).parent / "csim_stages.cpp", folder / "csim_stages.cpp")
    return compile_program(folder, "csim_stages.cpp", flags)
