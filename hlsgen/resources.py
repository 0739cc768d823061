# SPDX-License-Identifier: Apache-2.0
"""Where templates, benches and boards lie: beside the package (checkout) or inside it (wheel)."""

from __future__ import annotations

from pathlib import Path

from hlsgen.errors import ToolError

_PACKAGE = Path(__file__).resolve().parent


def resource(relative: str) -> Path:
    """Return the path of a file or folder such as `templates/rtl/hg_top.sv` or `boards`."""
    checkout = _PACKAGE.parent / relative
    if (_PACKAGE.parent / "pyproject.toml").is_file() and checkout.exists():
        return checkout
    packed = _PACKAGE / "_data" / relative
    if not packed.exists():
        raise ToolError(
            f"The installation must hold {relative}, which is absent; "
            "reinstall with pip install --force-reinstall hlsgen"
        )
    return packed
