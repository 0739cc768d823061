# SPDX-License-Identifier: Apache-2.0
"""Activation tensors as bytes in memory: [plane][C/G][H][W][G] (docs/spec/formats.md §2)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hlsgen.errors import ProjectError
from hlsgen.model.graph import IntArray, Tensor

ALIGN_BYTES = 128
_RAW_BITS = 32


def aligned(size: int) -> int:
    """Round a number of bytes up to the alignment of runs and buffers."""
    return -(-size // ALIGN_BYTES) * ALIGN_BYTES


def run_bytes(tensor: Tensor) -> int:
    """Bytes from one run (plane, channel group) to the next."""
    return aligned(tensor.shape[1] * tensor.shape[2] * 8)


def runs_of(tensor: Tensor, act_bits: int) -> int:
    """Runs of a tensor: planes times channel groups."""
    return -(-tensor.bits // act_bits) * -(-tensor.shape[0] * act_bits // 64)


def tensor_bytes(tensor: Tensor, act_bits: int) -> int:
    """Bytes of a tensor in memory, a multiple of 128."""
    return run_bytes(tensor) * runs_of(tensor, act_bits)


def pack_tensor(tensor: Tensor, codes: NDArray[Any], act_bits: int) -> bytes:
    """Bytes of the codes [channels, height, width] of one frame."""
    values = np.asarray(codes, np.int64)
    if values.shape != tensor.shape:
        raise ProjectError(
            f"Codes must have shape {tensor.shape}, not {values.shape} (tensor {tensor.name})"
        )
    stored = _stored(tensor, values, act_bits)
    planes = -(-tensor.bits // act_bits)
    shifts = act_bits * np.arange(planes, dtype=np.uint64)
    pieces = (stored[None] >> shifts[:, None, None, None]) & np.uint64((1 << act_bits) - 1)
    beats = _beats_of_lanes(pieces.astype(np.uint8), act_bits)
    flat = beats.reshape(planes * beats.shape[1], -1)
    padded = np.zeros((flat.shape[0], run_bytes(tensor)), np.uint8)
    padded[:, : flat.shape[1]] = flat
    return padded.tobytes()


def unpack_tensor(tensor: Tensor, data: bytes, act_bits: int) -> IntArray:
    """Codes [channels, height, width] (int64) from the bytes of one frame."""
    channels, height, width = tensor.shape
    if len(data) < tensor_bytes(tensor, act_bits):
        raise ProjectError(
            f"Tensor must hold {tensor_bytes(tensor, act_bits)} bytes, not {len(data)} "
            f"(tensor {tensor.name})"
        )
    planes, lanes = -(-tensor.bits // act_bits), 64 // act_bits
    runs = runs_of(tensor, act_bits)
    raw = np.frombuffer(data, np.uint8, run_bytes(tensor) * runs).reshape(runs, -1)
    raw = raw[:, : height * width * 8].reshape(planes, runs // planes, height, width, 8)
    if act_bits == 4:
        raw = np.stack([raw & 15, raw >> 4], axis=-1)
    by_lane = raw.reshape(planes, runs // planes, height, width, lanes)
    by_channel = by_lane.transpose(0, 1, 4, 2, 3).reshape(planes, -1, height, width)[:, :channels]
    total = np.zeros(tensor.shape, np.int64)
    for plane in range(planes):
        total |= by_channel[plane].astype(np.int64) << (act_bits * plane)
    if tensor.bits == _RAW_BITS:
        return total - ((total >> 31) << 32)
    return total + tensor.lo


def image_bytes(tensor: Tensor, rows_step: int) -> int:
    """Bytes of an image: whole beats a row, the number of rows a multiple of `rows_step`."""
    return -(-tensor.shape[1] // rows_step) * rows_step * row_bytes(tensor)


def row_bytes(tensor: Tensor) -> int:
    """Bytes of a row of an image: a stored code a byte, pixel by pixel, in whole beats."""
    return -(-tensor.shape[0] * tensor.shape[2] // 8) * 8


def pack_image(tensor: Tensor, codes: NDArray[Any], rows_step: int) -> bytes:
    """Bytes of the codes [channels, height, width] as H x W x C; what is added holds zero."""
    values = np.asarray(codes, np.int64)
    if values.shape != tensor.shape:
        raise ProjectError(
            f"Codes must have shape {tensor.shape}, not {values.shape} (tensor {tensor.name})"
        )
    _check_range(tensor, values)
    rows = (values - tensor.lo).transpose(1, 2, 0).reshape(tensor.shape[1], -1)
    missing = image_bytes(tensor, rows_step) // row_bytes(tensor) - len(rows)
    pads = ((0, missing), (0, row_bytes(tensor) - rows.shape[1]))
    zero = tensor.zero_point - tensor.lo
    return np.pad(rows, pads, constant_values=zero).astype(np.uint8).tobytes()


def pack_input(tensor: Tensor, codes: NDArray[Any], act_bits: int, image_step: int) -> bytes:
    """Bytes of an input frame as its LOADs read it: an image, or with `image_step` 0 a tensor."""
    if image_step:
        return pack_image(tensor, codes, image_step)
    return pack_tensor(tensor, codes, act_bits)


def lane_mask(tensor: Tensor, act_bits: int) -> bytes:
    """Mask, laid out like the tensor, of the bits that hold channels (tails and padding are 0)."""
    planes = -(-tensor.bits // act_bits)
    shape = (planes, *tensor.shape)
    ones = np.full(shape, (1 << act_bits) - 1, np.uint8)
    tail = -tensor.shape[0] % (64 // act_bits)
    ones = np.pad(ones, ((0, 0), (0, tail), (0, 0), (0, 0)))
    beats = _beats_of_lanes(ones, act_bits)
    flat = beats.reshape(planes * beats.shape[1], -1)
    return np.pad(flat, ((0, 0), (0, run_bytes(tensor) - flat.shape[1]))).tobytes()


def _stored(tensor: Tensor, values: IntArray, act_bits: int) -> NDArray[np.uint64]:
    """Stored codes with tail channels, [channels rounded up, height, width]."""
    raw = tensor.bits == _RAW_BITS
    _check_range(tensor, values)
    unsigned = values & 0xFFFFFFFF if raw else values - tensor.lo
    fill = 0 if raw else tensor.zero_point - tensor.lo
    tail = -tensor.shape[0] % (64 // act_bits)
    padded = np.pad(unsigned, ((0, tail), (0, 0), (0, 0)), constant_values=fill)
    return padded.astype(np.uint64)


def _check_range(tensor: Tensor, values: IntArray) -> None:
    raw = tensor.bits == _RAW_BITS
    low, high = (-(1 << 31), (1 << 31) - 1) if raw else (tensor.lo, tensor.hi)
    if values.size and (values.min() < low or values.max() > high):
        raise ProjectError(
            f"Codes must lie in {low}..{high}, not {values.min()}..{values.max()} "
            f"(tensor {tensor.name})"
        )


def _beats_of_lanes(pieces: NDArray[np.uint8], act_bits: int) -> NDArray[np.uint8]:
    """[planes, channels, H, W] of lane values to [planes, groups, H, W, 8 bytes]."""
    planes, channels, height, width = pieces.shape
    lanes = 64 // act_bits
    grouped = pieces.reshape(planes, channels // lanes, lanes, height, width)
    last = np.ascontiguousarray(grouped.transpose(0, 1, 3, 4, 2))
    if act_bits == 8:
        return last
    pairs: NDArray[np.uint8] = last[..., 0::2] | (last[..., 1::2] << 4).astype(np.uint8)
    return pairs
