# SPDX-License-Identifier: Apache-2.0
"""Python as `make lint` sees it: style, form and types."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.lint
ROOT = Path(__file__).resolve().parents[2]
CHECKS = {
    "types": ("mypy", "hlsgen/"),
    "style": ("ruff", "check", "."),
    "form": ("ruff", "format", "--check", "."),
}


@pytest.mark.parametrize("name", CHECKS)
def test_python_passes_every_check(name: str) -> None:
    command = [sys.executable, "-m", *CHECKS[name]]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
