# SPDX-License-Identifier: Apache-2.0
"""Shared fixtures: where outside data lies, and a clear skip where it does not."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

from hlsgen.cli import main

# How long an example takes says how busy the machine is
settings.register_profile("busy", deadline=None)
settings.load_profile("busy")

ROOT = Path(__file__).resolve().parent.parent


def shared_root() -> Path:
    """Folder of the data from outside: $HLSGEN_SHARED, or `shared` beside the repository."""
    return Path(os.environ.get("HLSGEN_SHARED", ROOT.parent / "shared"))


def shared_data(relative: str) -> Path:
    """Return a path under the shared data folder, or skip the test with the reason."""
    path = shared_root() / "data" / relative
    if not path.exists():
        pytest.skip(f"outside data absent: {relative} (set HLSGEN_SHARED to the shared folder)")
    return path


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
