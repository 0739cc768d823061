# SPDX-License-Identifier: Apache-2.0
"""Projects: the same bytes for the same input; templates that must not guess."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from hlsgen.boards import load_board
from hlsgen.emit import build, render
from hlsgen.emit.render import TemplateError
from hlsgen.emit.rtl import dut_text, top_text
from hlsgen.errors import ModelError, ProjectError
from hlsgen.model.graph import Model
from hlsgen.plan import make_design
from hlsgen.run.junit import Case, write_junit
from hlsgen.run.project import input_codes, load_project
from tests.conftest import ROOT
from tests.designs import spec_of
from tests.models import random_model

pytestmark = pytest.mark.unit
SPEC = spec_of(2, 2, 4, lanes_n=2, pixels_n=4)


@dataclass(frozen=True)
class _Empty:
    stamp: str = ""


def _model() -> Model:
    return random_model(np.random.default_rng(3), layers=3)


def _build(out: Path) -> Model:
    model = _model()
    build(make_design(model, SPEC, "zedboard"), load_board("zedboard"), out)
    return model


def _files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    _build(tmp_path / "a")
    code = (
        "from pathlib import Path; from tests.unit.test_emit import _build; "
        f"_build(Path({str(tmp_path / 'b')!r}))"
    )
    env = {**os.environ, "PYTHONHASHSEED": "7", "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", code], check=True, env=env, cwd=ROOT)
    assert _files(tmp_path / "a") == _files(tmp_path / "b")


def test_a_project_reads_back(tmp_path: Path) -> None:
    model = _build(tmp_path / "p")
    project = load_project(tmp_path / "p")
    assert project.spec == SPEC
    assert [layer.name for layer in project.model.layers] == [layer.name for layer in model.layers]
    assert len(project.program) % 16 == 0
    assert {item.layer for item in project.checked} <= {layer.name for layer in model.layers}


def test_a_changed_file_is_refused(tmp_path: Path) -> None:
    _build(tmp_path / "p")
    with (tmp_path / "p" / "rtl" / "hg_fifo.sv").open("a") as stream:
        stream.write("// edited\n")
    sentence = r"^Project file rtl/hg_fifo\.sv must be as it was built, not changed \(.*\); run "
    with pytest.raises(ProjectError, match=sentence + r"hlsgen build again$"):
        load_project(tmp_path / "p")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    _build(tmp_path / "p")
    (tmp_path / "p" / "data" / "weights.bin").unlink()
    sentence = (
        r"^Project must hold data/weights\.bin, which is absent \(.*\); run hlsgen build again$"
    )
    with pytest.raises(ProjectError, match=sentence):
        load_project(tmp_path / "p")


@pytest.mark.parametrize("text", ["", "[]", "{", '{"version": 9}'])
def test_a_broken_manifest_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(ProjectError, match=r"^Project (must hold a readable|version must be 4)"):
        load_project(tmp_path)


def test_manifest_names_every_file(tmp_path: Path) -> None:
    _build(tmp_path / "p")
    manifest = json.loads((tmp_path / "p" / "manifest.json").read_text())
    found = {name for name in _files(tmp_path / "p") if not name.endswith(".hlsgen")}
    assert set(manifest["files"]) == found - {"manifest.json"}


def test_too_few_frames_are_refused() -> None:
    model = _model()
    x = np.zeros((2, *model.tensors[model.input].shape))
    sentence = r"^Input must hold at least the 3 frames asked for, not 2; lower --frames$"
    with pytest.raises(ModelError, match=sentence):
        input_codes(model, x, 3)


def test_templates_must_not_guess() -> None:
    sentence = r"^Template rtl/top\.sv\.j2 must use only what its context holds \(line .*\): "
    with pytest.raises(TemplateError, match=sentence):
        render.render("rtl/top.sv.j2", _Empty())
    with pytest.raises(TemplateError, match=r"^Template rtl/none\.j2 must exist, not be missing"):
        render.render("rtl/none.j2", _Empty())


def test_generated_text_holds_no_name_of_the_model(tmp_path: Path) -> None:
    assert re.search(r"layout [0-9a-f]{16}\.", top_text(SPEC))
    assert "bind" not in dut_text(SPEC, core=False)
    model = _build(tmp_path / "p")
    names = {layer.name for layer in model.layers} | {"random"}
    generated = (tmp_path / "p" / "rtl" / "hlsgen_top.sv").read_text()
    assert not [name for name in names if name in generated.split()]


def test_junit_escapes_what_xml_cannot_hold(tmp_path: Path) -> None:
    cases = [Case(name="good"), Case(name="<&bad>", failure="line one\x00\nline two")]
    write_junit(tmp_path / "j.xml", "suite", cases)
    text = (tmp_path / "j.xml").read_text()
    assert 'failures="1"' in text and "&lt;&amp;bad&gt;" in text and "\x00" not in text
