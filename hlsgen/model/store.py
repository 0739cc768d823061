# SPDX-License-Identifier: Apache-2.0
"""Save and load a Model: `model.yaml` (structure, checked field by field) and `tensors.npz`.

Files may come from anywhere: nothing is unpickled, links are not followed, sizes are capped before
anything is allocated. The same model gives the same bytes.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path

import numpy as np
import yaml
from numpy.typing import NDArray

from hlsgen.errors import ModelError
from hlsgen.files import replace_folder
from hlsgen.model import proposal, store_proposal
from hlsgen.model.graph import (
    Add,
    Concat,
    Conv,
    Layer,
    MaxPool,
    Model,
    Preprocess,
    Raw,
    Requant,
    Tensor,
    Thresholds,
    TwoStep,
)
from hlsgen.model.numbers import Format
from hlsgen.model.proposal import ProposalModel
from hlsgen.model.schema import (
    FORMAT_NAME,
    FORMAT_VERSION,
    AddRecord,
    AnyRecord,
    ConcatRecord,
    ConvRecord,
    LayerRecord,
    MaxPoolRecord,
    ModelRecord,
    PreprocessRecord,
    ProposalRecord,
    RawRecord,
    RequantRecord,
    TensorRecord,
    ThresholdsRecord,
    TwoStepRecord,
)
from hlsgen.model.store_read import Arrays, read_record, read_tensors
from hlsgen.model.verify import verify

MODEL_FILE = "model.yaml"
TENSORS_FILE = "tensors.npz"
_EPOCH = (1980, 1, 1, 0, 0, 0)


def save(model: Model | ProposalModel, folder: Path | str) -> None:
    """Write `model` to `folder` in one step; an older model there stays whole until then."""
    if isinstance(model, ProposalModel):
        proposal.verify(model)
        packed = _npz_bytes(store_proposal.arrays(model))
        record: AnyRecord = store_proposal.record(model, hashlib.sha256(packed).hexdigest())
    else:
        verify(model)
        packed = _npz_bytes(_arrays(model))
        record = _record(model, hashlib.sha256(packed).hexdigest())
    text = yaml.safe_dump(
        record.model_dump(mode="json"), sort_keys=False, width=100, default_flow_style=None
    )
    with replace_folder(Path(folder)) as beside:
        (beside / TENSORS_FILE).write_bytes(packed)
        (beside / MODEL_FILE).write_text(text, encoding="utf-8")


def load(folder: Path | str) -> Model:
    """Read and verify the layers in `folder`; ModelError says what is wrong with its files."""
    model = load_any(folder)
    if not isinstance(model, Model):
        raise ModelError(
            f"Model must be a graph of layers for this command, not region proposals ({folder}); "
            "hlsgen recall takes those"
        )
    return model


def load_proposal(folder: Path | str) -> ProposalModel:
    """Read and verify the region proposals in `folder`."""
    model = load_any(folder)
    if not isinstance(model, ProposalModel):
        raise ModelError(
            f"Model must be region proposals for this command, not a graph of layers ({folder}); "
            "import a folder of BING files"
        )
    return model


def load_any(folder: Path | str) -> Model | ProposalModel:
    """Read and verify the model in `folder`, whatever its kind."""
    root = Path(folder)
    record = read_record(root / MODEL_FILE)
    if isinstance(record, ProposalRecord):
        names = store_proposal.array_names(record)
        arrays = read_tensors(root / TENSORS_FILE, names, record.tensors_sha256)
        proposals = store_proposal.model(record, arrays)
        proposal.verify(proposals)
        return proposals
    expected = _outer_names(record) | {
        f"{index:04d}.{name}"
        for index, layer in enumerate(record.layers)
        for name in _array_names(layer)
    }
    arrays = read_tensors(root / TENSORS_FILE, expected, record.tensors_sha256)
    model = _model(record, arrays)
    verify(model)
    return model


def _arrays(model: Model) -> Arrays:
    return _outer_arrays(model) | {
        f"{index:04d}.{name}": array
        for index, layer in enumerate(model.layers)
        for name, array in _layer_arrays(layer).items()
    }


def _npz_bytes(arrays: Arrays) -> bytes:
    """An .npz with fixed times and order, so that equal arrays give equal bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name in sorted(arrays):
            member = io.BytesIO()
            np.lib.format.write_array(member, arrays[name], version=(1, 0), allow_pickle=False)
            info = zipfile.ZipInfo(f"{name}.npy", _EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            info.create_system = 3
            archive.writestr(info, member.getvalue(), compresslevel=6)
    return buffer.getvalue()


def _outer_arrays(model: Model) -> Arrays:
    """Arrays that belong to no layer: exact input levels, per-channel maps of outputs."""
    arrays: Arrays = {}
    if model.preprocess.levels:
        arrays["input.input_levels"] = np.array(model.preprocess.levels, "<f4")
    for index, name in enumerate(model.output_affine):
        gain, offset = model.output_affine[name]
        arrays[f"output{index:04d}.gain"] = _plain(gain, np.float64)
        arrays[f"output{index:04d}.offset"] = _plain(offset, np.float64)
    return arrays


def _outer_names(record: ModelRecord) -> set[str]:
    names = {"input.input_levels"} if record.preprocess.levels else set()
    for index, _ in enumerate(record.output_affine):
        names |= {f"output{index:04d}.gain", f"output{index:04d}.offset"}
    return names


def _layer_arrays(layer: Layer) -> Arrays:
    """A layer's arrays in the narrow types they have on disk."""
    if isinstance(layer, Add):
        return {"table": _plain(layer.table, np.int16)}
    if not isinstance(layer, Conv):
        return {}
    arrays = {
        "weights": _plain(layer.weights, np.int8),
        "formats": np.array([int(fmt) for fmt in layer.formats], np.uint8),
        "row_scale": _plain(layer.row_scale, np.float64),
        "bias": _plain(layer.bias, np.int32),
    }
    if isinstance(layer.requant, TwoStep):
        arrays["multiplier"] = _plain(layer.requant.multiplier, np.int32)
        arrays["shift"] = _plain(layer.requant.shift, np.int8)
    elif isinstance(layer.requant, Thresholds):
        arrays["levels"] = _plain(layer.requant.levels, np.int64)
    return arrays


def _plain(
    array: NDArray[np.int64] | NDArray[np.int16] | NDArray[np.float64], dtype: type[np.generic]
) -> NDArray[np.generic]:
    """C order and little-endian, whatever the array in memory is."""
    return np.ascontiguousarray(array, np.dtype(dtype).newbyteorder("<"))


def _array_names(layer: LayerRecord) -> tuple[str, ...]:
    if isinstance(layer, AddRecord):
        return ("table",)
    if not isinstance(layer, ConvRecord):
        return ()
    names = ("weights", "formats", "row_scale", "bias")
    if isinstance(layer.requant, TwoStepRecord):
        return (*names, "multiplier", "shift")
    return (*names, "levels") if isinstance(layer.requant, ThresholdsRecord) else names


def _record(model: Model, digest: str) -> ModelRecord:
    pre = model.preprocess
    return ModelRecord(
        format=FORMAT_NAME,
        version=FORMAT_VERSION,
        name=model.name,
        source=model.source,
        tensors_sha256=digest,
        input=model.input,
        outputs=list(model.outputs),
        preprocess=PreprocessRecord(
            gain=float(pre.gain),
            offset=float(pre.offset),
            layout=pre.layout,
            colour=pre.colour,
            levels=bool(pre.levels),
            first=int(pre.first),
            step=int(pre.step),
        ),
        output_affine=list(model.output_affine),
        notes={key: float(value) for key, value in sorted(model.notes.items())},
        tensors=[_tensor_record(tensor) for tensor in model.tensors.values()],
        layers=[_layer_record(layer) for layer in model.layers],
    )


def _tensor_record(tensor: Tensor) -> TensorRecord:
    return TensorRecord(
        name=tensor.name,
        shape=[int(size) for size in tensor.shape],
        bits=int(tensor.bits),
        signed=bool(tensor.signed),
        scale=float(tensor.scale),
        zero_point=int(tensor.zero_point),
    )


def _layer_record(layer: Layer) -> LayerRecord:
    if isinstance(layer, Conv):
        return ConvRecord(
            kind="conv",
            name=layer.name,
            input=layer.input,
            output=layer.output,
            stride=_ints(layer.stride),
            pads=_ints(layer.pads),
            groups=int(layer.groups),
            requant=_requant_record(layer.requant),
        )
    if isinstance(layer, Add):
        return AddRecord(kind="add", name=layer.name, a=layer.a, b=layer.b, output=layer.output)
    if isinstance(layer, MaxPool):
        return MaxPoolRecord(
            kind="max_pool",
            name=layer.name,
            input=layer.input,
            output=layer.output,
            kernel=_ints(layer.kernel),
            stride=_ints(layer.stride),
            pads=_ints(layer.pads),
        )
    return ConcatRecord(
        kind="concat", name=layer.name, sources=list(layer.sources), output=layer.output
    )


def _ints(values: tuple[int, ...]) -> list[int]:
    return [int(value) for value in values]


def _requant_record(requant: Requant) -> RequantRecord:
    if isinstance(requant, TwoStep):
        return TwoStepRecord(kind="two_step", lo=int(requant.lo), hi=int(requant.hi))
    if isinstance(requant, Thresholds):
        return ThresholdsRecord(kind="thresholds", first=int(requant.first), step=int(requant.step))
    return RawRecord(kind="raw")


def _model(record: ModelRecord, arrays: Arrays) -> Model:
    tensors = {tensor.name: _tensor(tensor) for tensor in record.tensors}
    if len(tensors) != len(record.tensors):
        raise ModelError(f"Tensor names must be unique in {MODEL_FILE}; rename the later ones")
    return Model(
        name=record.name,
        input=record.input,
        outputs=tuple(record.outputs),
        tensors=tensors,
        layers=tuple(
            _layer(layer, f"{index:04d}", arrays) for index, layer in enumerate(record.layers)
        ),
        preprocess=_preprocess(record, arrays),
        source=record.source,
        notes=dict(record.notes),
        output_affine={
            name: (
                arrays[f"output{index:04d}.gain"].astype(np.float64),
                arrays[f"output{index:04d}.offset"].astype(np.float64),
            )
            for index, name in enumerate(record.output_affine)
        },
    )


def _preprocess(record: ModelRecord, arrays: Arrays) -> Preprocess:
    pre = record.preprocess
    levels: tuple[tuple[float, ...], ...] = ()
    if pre.levels:
        table = arrays["input.input_levels"]
        if table.ndim != 2:
            raise ModelError(f"Preprocess levels must have two axes, not {table.ndim}")
        levels = tuple(tuple(float(level) for level in row) for row in table)
    return Preprocess(
        gain=pre.gain,
        offset=pre.offset,
        layout=pre.layout,
        colour=pre.colour,
        levels=levels,
        first=pre.first,
        step=pre.step,
    )


def _tensor(record: TensorRecord) -> Tensor:
    channels, height, width = record.shape
    return Tensor(
        name=record.name,
        shape=(channels, height, width),
        bits=record.bits,
        signed=record.signed,
        scale=record.scale,
        zero_point=record.zero_point,
    )


def _layer(record: LayerRecord, prefix: str, arrays: Arrays) -> Layer:
    if isinstance(record, ConvRecord):
        return _conv(record, prefix, arrays)
    if isinstance(record, AddRecord):
        table = arrays[f"{prefix}.table"].astype(np.int16)
        return Add(name=record.name, a=record.a, b=record.b, output=record.output, table=table)
    if isinstance(record, MaxPoolRecord):
        return MaxPool(
            name=record.name,
            input=record.input,
            output=record.output,
            kernel=_pair(record.kernel),
            stride=_pair(record.stride),
            pads=_quad(record.pads),
        )
    return Concat(name=record.name, sources=tuple(record.sources), output=record.output)


def _conv(record: ConvRecord, prefix: str, arrays: Arrays) -> Conv:
    formats = arrays[f"{prefix}.formats"]
    if formats.ndim != 1 or formats.max(initial=0) > max(Format):
        raise ModelError(
            f"Conv formats must be codes 0..{int(max(Format))} in one axis (layer {record.name})"
        )
    return Conv(
        name=record.name,
        input=record.input,
        output=record.output,
        weights=arrays[f"{prefix}.weights"].astype(np.int64),
        formats=tuple(Format(int(code)) for code in formats),
        row_scale=arrays[f"{prefix}.row_scale"].astype(np.float64),
        bias=arrays[f"{prefix}.bias"].astype(np.int64),
        requant=_requant(record.requant, prefix, arrays),
        stride=_pair(record.stride),
        pads=_quad(record.pads),
        groups=record.groups,
    )


def _requant(record: RequantRecord, prefix: str, arrays: Arrays) -> Requant:
    if isinstance(record, TwoStepRecord):
        return TwoStep(
            multiplier=arrays[f"{prefix}.multiplier"].astype(np.int64),
            shift=arrays[f"{prefix}.shift"].astype(np.int64),
            lo=record.lo,
            hi=record.hi,
        )
    if isinstance(record, ThresholdsRecord):
        levels = arrays[f"{prefix}.levels"].astype(np.int64)
        return Thresholds(levels=levels, first=record.first, step=record.step)
    return Raw()


def _pair(values: list[int]) -> tuple[int, int]:
    return values[0], values[1]


def _quad(values: list[int]) -> tuple[int, int, int, int]:
    return values[0], values[1], values[2], values[3]
