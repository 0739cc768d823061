# SPDX-License-Identifier: Apache-2.0
"""What lies where in the input, output and scratch buffers of an image."""

from __future__ import annotations

from dataclasses import dataclass

from hlsgen.engines.mixed import MixedSpec
from hlsgen.engines.nodes import Lowered, MoveNode
from hlsgen.engines.program import Buffer
from hlsgen.engines.tensors import aligned, image_bytes, tensor_bytes
from hlsgen.model.graph import Model


@dataclass(frozen=True, slots=True, kw_only=True)
class BufferPlan:
    """Bytes of an image in each buffer, and the place of its tensors."""

    image_step: int  # the input lies as an image, its rows a multiple of this; 0: as a tensor
    sizes: dict[Buffer, int]
    places: dict[Buffer, dict[str, int]]

    def start(self, node: MoveNode, image: int) -> int:
        """Byte at which the tensor of a move begins; images of a batch follow one another."""
        return image * self.sizes[node.buffer] + self.places[node.buffer][node.tensor]


def plan_buffers(model: Model, lowered: Lowered, spec: MixedSpec) -> BufferPlan:
    """Place the input, the outputs and what goes through scratch memory."""
    moves = [node for node in lowered.nodes if isinstance(node, MoveNode)]
    step = next((node.fold.rows_step for node in moves if node.fold is not None), 0)
    source = model.tensors[model.input]
    whole = aligned(image_bytes(source, step)) if step else tensor_bytes(source, spec.act_bits)
    spilled = [node.tensor for node in moves if node.store and node.buffer is Buffer.SCRATCH]
    outputs, output_bytes = _offsets(model, model.outputs, spec)
    scratch, scratch_bytes = _offsets(model, tuple(dict.fromkeys(spilled)), spec)
    return BufferPlan(
        image_step=step,
        sizes={Buffer.INPUT: whole, Buffer.OUTPUT: output_bytes, Buffer.SCRATCH: scratch_bytes},
        places={Buffer.INPUT: {model.input: 0}, Buffer.OUTPUT: outputs, Buffer.SCRATCH: scratch},
    )


def _offsets(model: Model, names: tuple[str, ...], spec: MixedSpec) -> tuple[dict[str, int], int]:
    offsets, end = {}, 0
    for name in names:
        offsets[name] = end
        end += tensor_bytes(model.tensors[name], spec.act_bits)
    return offsets, end
