# SPDX-License-Identifier: Apache-2.0
"""A proposal model as the record and the arrays of a model's folder, and back."""

from __future__ import annotations

import numpy as np

from hlsgen.model.proposal import ProposalModel, Space
from hlsgen.model.schema import FORMAT_NAME, FORMAT_VERSION, ProposalRecord, SpaceRecord
from hlsgen.model.store_read import Arrays

_ARRAYS = ("basis", "slope", "line_offset")


def arrays(model: ProposalModel) -> Arrays:
    """The arrays of every colour space, little-endian, in the types they have on disk."""
    found: Arrays = {}
    for index, space in enumerate(model.spaces):
        found[f"{index:04d}.basis"] = np.ascontiguousarray(space.basis, "|i1")
        found[f"{index:04d}.slope"] = np.ascontiguousarray(space.slope, "<i4")
        found[f"{index:04d}.line_offset"] = np.ascontiguousarray(space.offset, "<i8")
    return found


def array_names(record: ProposalRecord) -> set[str]:
    """Names of the arrays that belong to a record."""
    return {f"{index:04d}.{name}" for index, _ in enumerate(record.spaces) for name in _ARRAYS}


def record(model: ProposalModel, digest: str) -> ProposalRecord:
    """The record of a model whose packed arrays have the SHA-256 `digest`."""
    return ProposalRecord(
        format=FORMAT_NAME,
        version=FORMAT_VERSION,
        kind="proposal",
        name=model.name,
        source=model.source,
        tensors_sha256=digest,
        fraction_bits=int(model.fraction_bits),
        notes={key: float(value) for key, value in sorted(model.notes.items())},
        spaces=[_space_record(space) for space in model.spaces],
    )


def _space_record(space: Space) -> SpaceRecord:
    name = space.name
    return SpaceRecord.model_validate(
        {
            "name": name,
            "coefficients": [int(number) for number in space.coefficients],
            "score_unit": float(space.score_unit),
            "sizes": [int(number) for number in space.sizes],
        }
    )


def model(record: ProposalRecord, arrays: Arrays) -> ProposalModel:
    """The model of a record and its arrays, not yet verified."""
    return ProposalModel(
        name=record.name,
        spaces=tuple(
            Space(
                name=item.name,
                basis=arrays[f"{index:04d}.basis"].astype(np.int8),
                coefficients=(item.coefficients[0], item.coefficients[1]),
                score_unit=item.score_unit,
                sizes=tuple(item.sizes),
                slope=arrays[f"{index:04d}.slope"].astype(np.int64),
                offset=arrays[f"{index:04d}.line_offset"].astype(np.int64),
            )
            for index, item in enumerate(record.spaces)
        ),
        fraction_bits=record.fraction_bits,
        source=record.source,
        notes=dict(record.notes),
    )
