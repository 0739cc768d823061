# SPDX-License-Identifier: Apache-2.0
"""BING models in OpenCV's format, made up for tests, and the real one."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np

from hlsgen.frontends.bing import load_bing
from hlsgen.model.proposal import ProposalModel
from tests.conftest import shared_data

SIZES = (0, 7, 14, 35)


def write_matrix(folder: Path, key: str, kind: str, matrix: np.ndarray) -> Path:
    """One matrix as OpenCV's FileStorage writes it."""
    whole = matrix.dtype.kind == "i"
    data = ", ".join(str(number) if whole else f"{number:.8e}" for number in matrix.ravel())
    text = (
        f"%YAML:1.0\n{key}: !!opencv-matrix\n   rows: {matrix.shape[0]}\n"
        f"   cols: {matrix.shape[1]}\n   dt: {'i' if whole else 'f'}\n   data: [ {data} ]\n"
    )
    path = folder / f"{key}.{kind}.yml.gz"
    path.write_bytes(gzip.compress(text.encode(), mtime=0))
    return path


def write_space(folder: Path, name: str = "MAXBGR", seed: int = 0) -> None:
    """Filter, sizes and calibration of a colour space with random numbers."""
    random = np.random.default_rng(seed)
    key = f"ObjNessB2W8{name}"
    write_matrix(folder, key, "wS1", random.normal(1e-4, 2e-4, (8, 8)))
    write_matrix(folder, key, "idx", np.array(SIZES)[:, None])
    lines = np.stack([random.uniform(0.1, 5, 4), random.uniform(-1.1, -0.8, 4)], axis=1)
    write_matrix(folder, key, "wS2", lines)


def real_model() -> ProposalModel:
    """OpenCV's trained model, or a skip."""
    return load_bing(shared_data("bing"))
