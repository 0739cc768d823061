# SPDX-License-Identifier: Apache-2.0
"""Emission: from a model and its design to the files of a project."""

from hlsgen.emit.project import build
from hlsgen.emit.proposal import build_proposal

__all__ = ["build", "build_proposal"]
