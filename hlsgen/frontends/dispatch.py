# SPDX-License-Identifier: Apache-2.0
"""Choose the frontend: by a file's suffix, or a folder of BING files."""

from __future__ import annotations

from pathlib import Path

from hlsgen.errors import ModelError
from hlsgen.model.graph import Model
from hlsgen.model.proposal import ProposalModel

_MOST_BYTES = 1 << 31  # the largest file that either source format can hold


def load(path: Path) -> Model | ProposalModel:
    """Import an int8 .tflite file, a QONNX .onnx file or a folder of BING files."""
    suffix = path.suffix.lower()
    if path.is_dir() and suffix not in (".tflite", ".onnx"):
        from hlsgen.frontends.bing import load_bing

        return load_bing(path)
    if suffix not in (".tflite", ".onnx"):
        raise ModelError(
            "Source model must be a .tflite or .onnx file, or a folder of BING files, "
            f"not {path.name!r}"
        )
    if not path.is_file():
        raise ModelError(f"Source model must be a file that exists, not {path}")
    if path.stat().st_size > _MOST_BYTES:
        raise ModelError(f"Source model must hold at most 2 GiB, not {path.stat().st_size} bytes")
    if suffix == ".tflite":
        from hlsgen.frontends.tflite import load_tflite

        return load_tflite(path)
    from hlsgen.frontends.qonnx import load_qonnx

    return load_qonnx(path)
