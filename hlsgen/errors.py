# SPDX-License-Identifier: Apache-2.0
"""Errors a user can meet: one sentence: what must hold, the value, where, and the remedy."""

from __future__ import annotations


class HlsgenError(ValueError):
    """Base of every error a user can cause; the command line prints it and exits with code 2."""


class ModelError(HlsgenError):
    """A model breaks a rule of the Model, or its files cannot be read."""


class UnsupportedError(ModelError):
    """A source model holds operators that cannot be imported; every one of them is listed."""


class ParameterError(HlsgenError):
    """A specification field is out of its range."""


class BoardError(HlsgenError):
    """A board is unknown or its file is wrong."""


class PlanError(HlsgenError):
    """A model cannot be mapped on a design."""


class FitError(PlanError):
    """A design needs more of a resource than the device has."""


class ProjectError(HlsgenError):
    """An output folder does not hold a whole project."""


class ToolError(HlsgenError):
    """An outside tool is missing or failed."""
