# SPDX-License-Identifier: Apache-2.0
"""Boards: what a device has, what its memory carries, and how its rows are best split."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from hlsgen.errors import BoardError
from hlsgen.resources import resource
from hlsgen.yaml_file import matched, read_yaml

DEFAULT_CLOCK_HZ = 100_000_000  # the papers' fabric clock
DDR_EFFICIENCY = 0.80  # of the peak; the simulated DDR uses the same figure (formats.md §10)
LUT_HEADROOM = 0.85  # of a device's LUTs a design may take; routing needs the rest
_PORT_BYTES = 8  # of one HP port, direction and cycle
_MAX_FILE_BYTES = 1 << 16

T = TypeVar("T")
Count = Annotated[int, Field(gt=0, le=10_000_000)]
Positive = Annotated[float, Field(gt=0, le=1e5, allow_inf_nan=False)]
# Part and pin names reach Tcl, and titles reach reports: no character that means anything there.
Word = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,40}$")]
Text = Annotated[str, Field(max_length=400)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class RowSplit(_Frozen):
    """Rows of the mixed engine's array by processing element; their sum is T."""

    pot4: Annotated[int, Field(ge=0, le=128)]
    fixed4: Annotated[int, Field(ge=0, le=128, multiple_of=2)]
    fixed8: Annotated[int, Field(ge=0, le=128)]


class Device(_Frozen):
    """Resources of a device; BRAM36 blocks of 36 Kb."""

    lut: Count
    ff: Count
    dsp48e1: Count
    bram36: Count
    slots: RowSplit
    source: Text


class Ddr(_Frozen):
    """Memory on the processor side; `assumed` when no board-specific source states its rate."""

    kind: Word
    data_bits: Annotated[int, Field(ge=8, le=64, multiple_of=8)]
    megatransfers: Positive  # 10^6 transfers a second
    assumed: bool
    source: Text

    @property
    def peak_bytes_per_s(self) -> float:
        """Bytes a second at every clock edge."""
        return self.data_bits / 8 * self.megatransfers * 1e6


class PlClock(_Frozen):
    """The oscillator on the logic side."""

    pin: Word
    mhz: Positive


class _BoardFile(_Frozen):
    title: Text
    part: Word
    device: Word
    ddr: Ddr
    pl_clock: PlClock
    hp_ports: Annotated[int, Field(ge=1, le=4)]


class Board(_Frozen):
    """A board and its device."""

    name: str
    title: str
    part: str  # as Vivado spells it
    device: str
    resources: Device
    ddr: Ddr
    pl_clock: PlClock
    hp_ports: int  # 64-bit AXI3 slave ports into the memory
    clock_hz: int = DEFAULT_CLOCK_HZ  # of the fabric

    def ddr_bytes_per_cycle(self, clock_hz: float, efficiency: float = DDR_EFFICIENCY) -> float:
        """Bytes that all ports together may move in a cycle, reads and writes summed."""
        budget = efficiency * self.ddr.peak_bytes_per_s / clock_hz
        return min(budget, 2.0 * _PORT_BYTES * self.hp_ports)


def board_names() -> tuple[str, ...]:
    """Names that `load_board` knows, sorted."""
    return tuple(sorted(path.parent.name for path in resource("boards").glob("*/board.yaml")))


def load_board(name: str) -> Board:
    """Load a board by its name, or from a path that ends in .yaml."""
    if name.endswith((".yaml", ".yml")):
        path = Path(name)
        label = re.sub(
            r"[^A-Za-z0-9_]", "_", path.parent.name if path.stem == "board" else path.stem
        )
    elif name in board_names():
        path, label = resource("boards") / name / "board.yaml", name
    else:
        raise BoardError(
            f"Board must be one of {', '.join(board_names())} or a path to a board.yaml, "
            f"not {name!r}; hlsgen boards describes them"
        )
    content = _read(path, TypeAdapter(_BoardFile))
    return Board(
        name=label or "board",
        title=content.title,
        part=content.part,
        device=content.device,
        resources=load_device(content.device, str(path)),
        ddr=content.ddr,
        pl_clock=content.pl_clock,
        hp_ports=content.hp_ports,
    )


def load_device(name: str, where: str) -> Device:
    """Resources of a device; `where` says who named it."""
    devices = _devices()
    if name not in devices:
        raise BoardError(
            f"Board device must be one of {', '.join(devices)}, not {name!r} ({where})"
        )
    return devices[name]


def _devices() -> dict[str, Device]:
    path = resource("boards/devices.yaml")
    return _read(path, TypeAdapter(dict[str, Device]))


def _read(path: Path, adapter: TypeAdapter[T]) -> T:
    content = read_yaml(path, "Board", _MAX_FILE_BYTES, BoardError)
    return matched(adapter, content, "Board", path, BoardError)
