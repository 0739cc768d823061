# SPDX-License-Identifier: Apache-2.0
"""Shared fixtures: where outside data lies, and a clear skip where it does not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

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
