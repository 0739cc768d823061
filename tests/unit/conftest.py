# SPDX-License-Identifier: Apache-2.0
"""Models and a project to damage, and a command that must be refused."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from hlsgen import api
from hlsgen.model.store import save
from tests.conftest import ROOT


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Models and a project, made once; a test copies what it damages."""

    int8: Path
    mixed: Path
    project: Path


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    sys.path.insert(0, str(ROOT / "examples" / "digits"))
    import network

    root = tmp_path_factory.mktemp("bad")
    save(network.int8_model(network.load()), root / "int8")
    api.quantize_model(root / "int8", root / "mixed", board="zedboard")
    api.build(root / "int8", board="zedboard", output=root / "project")
    return Place(int8=root / "int8", mixed=root / "mixed", project=root / "project")
