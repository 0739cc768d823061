# SPDX-License-Identifier: Apache-2.0
"""Emission: from a model and its design to the files of a project."""

from hlsgen.emit.project import build

__all__ = ["build"]
