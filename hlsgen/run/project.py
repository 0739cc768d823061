# SPDX-License-Identifier: Apache-2.0
"""Reads a project back: model, design, program, weights and what a run must know of them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hlsgen.engines.mixed import MixedSpec
from hlsgen.engines.program import decode_header
from hlsgen.engines.report import report_bytes
from hlsgen.engines.tensors import pack_input, tensor_bytes, unpack_tensor
from hlsgen.errors import ModelError, ProjectError
from hlsgen.model import golden, store
from hlsgen.model.graph import IntArray, Model
from hlsgen.model.pictures import picture_codes
from hlsgen.plan.design import read_design
from hlsgen.plan.image import Checked
from hlsgen.plan.pieces import Split

_MANIFEST_VERSION = 4
_REMEDY = "run hlsgen build again"
_ENGINES = {  # what a project is of, and is built from
    "mixed": ("a graph of layers", "a quantised network"),
    "proposal": ("region proposals", "a folder of BING files"),
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Project:
    """A project as it lies in its folder."""

    folder: Path
    model: Model
    spec: MixedSpec
    manifest: dict[str, Any]
    program: bytes
    weights: bytes
    images: int  # of a batch: what the program takes in one go
    input_bytes: int  # of a frame
    image_step: int  # 0: the input lies as a tensor; else as an image
    output_bytes: int
    scratch_bytes: int
    report_slots: int
    outputs: dict[str, int]  # byte offset of each output tensor in a frame
    checked: tuple[Checked, ...]
    layers: tuple[str, ...]  # the layer that each descriptor works for
    split: tuple[Split, ...]  # where the model differs from the given one

    @property
    def counted(self) -> frozenset[str]:
        """Tensors whose codes a layer only adds up."""
        return frozenset(split.tensor for split in self.split)

    def report_bytes(self, frames: int) -> int:
        """Bytes of the report of a run of whole batches."""
        return report_bytes(self.report_slots, frames // self.images)

    def input_buffer(self, codes: NDArray[Any]) -> bytes:
        """Bytes of input frames [frames, channels, height, width], `input_bytes` apart."""
        tensor = self.model.tensors[self.model.input]
        frames = (pack_input(tensor, frame, self.spec.act_bits, self.image_step) for frame in codes)
        return b"".join(frame.ljust(self.input_bytes, b"\0") for frame in frames)

    @property
    def ddr_bytes_per_cycle(self) -> float:
        """Budget of the board's memory."""
        return float(self.manifest["board"]["ddr_bytes_per_cycle"])


def load_project(folder: Path) -> Project:
    """Read a project that `build` wrote; every file must be as it was written."""
    manifest = read_manifest(folder, "mixed")
    design = read_design(folder / "design.yaml")
    spec = MixedSpec.from_dict(design.mixed.model_dump(exclude_none=True))
    layout = json.loads((folder / "data" / "layout.json").read_text(encoding="utf-8"))
    program = (folder / "data" / "program.bin").read_bytes()
    _, head = decode_header(program)
    return Project(
        folder=folder,
        model=store.load(folder / "model"),
        spec=spec,
        manifest=manifest,
        program=program,
        weights=(folder / "data" / "weights.bin").read_bytes(),
        images=head.images,
        input_bytes=layout["input_bytes"],
        image_step=layout["image_step"],
        output_bytes=layout["output_bytes"],
        scratch_bytes=layout["scratch_bytes"],
        report_slots=head.report_slots,
        outputs=layout["outputs"],
        checked=tuple(Checked(**item) for item in layout["checked"]),
        layers=tuple(layout["layers"]),
        split=tuple(Split(**item) for item in layout["in_pieces"]),
    )


def input_codes(
    model: Model, images: NDArray[Any] | None, frames: int | None, default: int = 1
) -> NDArray[Any]:
    """Input codes [frames, channels, height, width]: preprocessed images, or made-up ones."""
    if images is None:
        return picture_codes(model.tensors[model.input], frames or default)
    if frames is not None and len(images) < frames:
        raise ModelError(
            f"Input must hold at least the {frames} frames asked for, not {len(images)}; "
            "lower --frames"
        )
    return golden.preprocess(model, images[:frames])


def batch_codes(
    project: Project, images: NDArray[Any] | None, frames: int | None, default: int
) -> NDArray[Any]:
    """Input codes of whole batches; `default` batches where nothing is asked for."""
    codes = input_codes(project.model, images, frames, default * project.images)
    if len(codes) % project.images:
        raise ProjectError(
            f"Frames must be a multiple of the project's batch of {project.images}, not "
            f"{len(codes)} ({project.folder}); run fewer, or build with --batch 1"
        )
    return codes


def unpack_outputs(project: Project, data: bytes, frames: int) -> dict[str, IntArray]:
    """Codes of the output tensors [frames, channels, height, width] from the output buffer."""
    found: dict[str, IntArray] = {}
    act_bits, stride = project.spec.act_bits, project.output_bytes
    for name, offset in project.outputs.items():
        tensor = project.model.tensors[name]
        size = tensor_bytes(tensor, act_bits)
        starts = [frame * stride + offset for frame in range(frames)]
        found[name] = np.stack(
            [unpack_tensor(tensor, data[at : at + size], act_bits) for at in starts]
        )
    return found


def real_values(model: Model, outputs: dict[str, IntArray]) -> NDArray[np.float64] | None:
    """De-quantised outputs, frames first; several outputs side by side."""
    real = [golden.dequantise(model, name, codes) for name, codes in outputs.items()]
    if not real:
        return None
    flat = [values.reshape(values.shape[0], -1) for values in real]
    alone = len(real) == 1 and real[0].shape[2:] != (1, 1)
    return real[0] if alone else np.concatenate(flat, axis=1)


def read_manifest(folder: Path, engine: str | None = None) -> dict[str, Any]:
    """The manifest of a project (of an engine), every file of which is as it was written."""
    manifest = _manifest(folder)
    _check_files(folder, manifest["files"])
    if engine not in (None, manifest["engine"]):
        kind, source = _ENGINES[engine]
        other, _ = _ENGINES.get(manifest["engine"], ("another kind", ""))
        raise ProjectError(
            f"Project must be one of {kind} for this command, not of {other} ({folder}); "
            f"build one from {source}"
        )
    return manifest


def read_engine(folder: Path) -> str:
    """The engine that a project's manifest names."""
    return str(_manifest(folder)["engine"])


def _manifest(folder: Path) -> dict[str, Any]:
    path = folder / "manifest.json"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ProjectError(
            f"Project must hold a readable manifest.json, not {folder}; {_REMEDY}"
        ) from error
    version = content.get("version") if isinstance(content, dict) else None
    if version != _MANIFEST_VERSION:
        raise ProjectError(
            f"Project version must be {_MANIFEST_VERSION}, not {version} ({path}); {_REMEDY}"
        )
    kinds = {"engine": str, "files": dict, "board": dict, "top": str, "layout_hash": str}
    absent = [name for name, kind in kinds.items() if not isinstance(content.get(name), kind)]
    if absent:
        raise ProjectError(
            f"Project manifest must hold {', '.join(absent)}, which is absent ({path}); {_REMEDY}"
        )
    return dict(content)


def _check_files(folder: Path, files: dict[str, str]) -> None:
    """What was written is what runs."""
    for name, digest in files.items():
        path = folder / name
        if not path.is_file() or ".." in Path(name).parts:
            raise ProjectError(f"Project must hold {name}, which is absent ({folder}); {_REMEDY}")
        if hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            raise ProjectError(
                f"Project file {name} must be as it was built, not changed ({folder}); {_REMEDY}"
            )
