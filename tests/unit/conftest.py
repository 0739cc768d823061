# SPDX-License-Identifier: Apache-2.0
"""Models and a project to damage, and a command that must be refused."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from hlsgen import api
from hlsgen.cli import main
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


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run a command that must be refused; returns its one sentence."""

    def check(*arguments: str | Path) -> str:
        with pytest.raises(SystemExit) as stop:
            main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        assert (stop.value.code, out) == (2, ""), err
        assert err.startswith("hlsgen: ")
        assert err.count("\n") == 1, err
        assert "internal error" not in err
        return err.removeprefix("hlsgen: ").strip()

    return check
