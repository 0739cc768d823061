# SPDX-License-Identifier: Apache-2.0
"""A design's HLS sources in a folder, and small programs compiled with them."""

from __future__ import annotations

import shutil
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from hlsgen.engines.mixed import MixedSpec
from hlsgen.resources import resource
from hlsgen.run.csim_build import compile_program, config_context


def hls_folder(spec: MixedSpec, folder: Path) -> Path:
    """Copy the headers and render the configuration of `spec` into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for source in resource("templates/hls").iterdir():
        if source.suffix in (".hpp", ".cpp"):
            shutil.copy(source, folder / source.name)
    environment = Environment(
        loader=FileSystemLoader(resource("templates/hls")),
        undefined=StrictUndefined,
        autoescape=False,
        variable_start_string="@{",
        variable_end_string="}",
        line_statement_prefix="//%",
        trim_blocks=True,
        keep_trailing_newline=True,
    )
    text = environment.get_template("config.hpp.j2").render(ctx=config_context(spec))
    (folder / "config.hpp").write_text(text)
    return folder


def stages(spec: MixedSpec, folder: Path, *flags: str) -> Path:
    """Compile the stage program of a design; cached by content."""
    hls = hls_folder(spec, folder)
    shutil.copy(Path(__file__).parent / "csim_stages.cpp", hls / "csim_stages.cpp")
    return compile_program(hls, "csim_stages.cpp", flags)
