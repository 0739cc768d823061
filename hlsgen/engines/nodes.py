# SPDX-License-Identifier: Apache-2.0
"""What the mixed engine does for a frame, before memory is placed: values and nodes in order."""

from __future__ import annotations

from dataclasses import dataclass
from math import lcm
from typing import TypeAlias

from hlsgen.engines.program import Buffer
from hlsgen.model.graph import Add, IntArray, Requant, Tensor
from hlsgen.model.numbers import Format


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A tensor in the activation memory; a view lies in channel groups or rows of its root.

    A value may hold a band of a Model tensor's rows: `tensor` then has the band's height.
    """

    name: str
    tensor: Tensor
    root: str  # value that owns the memory: itself, or a concatenation, or a whole of bands
    group0: int = 0  # first channel group within the root
    row0: int = 0  # first row within the root
    band0: int = 0  # Model row of its first row
    image: int = 0  # of the batch
    skewed: bool = False  # plane 1 lies B/2 banks further on than plane 0


@dataclass(frozen=True, slots=True)
class Copied:
    """Requantisation of an identity: stored codes pass unchanged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Geometry of a layer: kernel, stride, pads (top, bottom, left, right), maps in and out."""

    kernel: tuple[int, int]
    stride: tuple[int, int]
    pads: tuple[int, int, int, int]
    inside: tuple[int, int]  # height, width of the input
    outside: tuple[int, int]  # of the output
    used: tuple[tuple[int, int], ...] = ()  # kernel positions to compute; () = all that matter

    @property
    def _strides(self) -> tuple[int, int]:
        """Strides that matter: an axis with one output pixel has any stride."""
        step_y, step_x = self.stride
        step_x = 1 if self.outside[1] == 1 else step_x
        return (step_x if self.outside[0] == 1 else step_y), step_x

    @property
    def s(self) -> int:
        """Layout parameter s that the input must have."""
        return self._strides[1]

    @property
    def parts_n(self) -> int:
        """Descriptors that share the output rows: part a computes rows a, a + parts_n, ...

        More than 1 when the vertical stride is not a multiple of the horizontal one.
        """
        step_y, step_x = self._strides
        return lcm(step_y, step_x) // step_y

    @property
    def parts(self) -> range:
        """The parts that have rows."""
        return range(min(self.parts_n, self.outside[0]))

    @property
    def row_pitches(self) -> int:
        """Virtual output width in units of the input's pitch."""
        step_y, step_x = self._strides
        return lcm(step_y, step_x) // step_x

    @property
    def step_y(self) -> int:
        """Input rows from one output row to the next."""
        return self._strides[0]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Source:
    """An input of a convolution with its own kernel columns: weights [rows, channels, kh, kw]."""

    value: str
    weights: IntArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Blocks of a convolution whose weights all images of a batch read, one after the other."""

    segment: int  # number among those of the convolution
    block0: int  # within the segment
    blocks: int
    first: bool = True  # of the images: it has the weights fetched
    last: bool = True  # of the images: behind it they are released


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ConvNode:
    """A convolution with everything fused into its drain."""

    layer: str  # the Model's layer, for messages and reports
    sources: tuple[Source, ...]  # one, or several of equal geometry (a concatenation)
    window: Window
    groups: int = 1
    formats: tuple[Format, ...]
    bias: IntArray
    requant: Requant | Copied
    behind: Tensor  # the tensor behind the requantisation
    output: str  # value written
    add: Add | None = None  # fused residual add
    residual: str | None = None  # value added
    residual_first: bool = False  # the residual is the Add's operand a
    piece: Piece | None = None  # None: all blocks, of one image


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolNode:
    """A maximum pooling."""

    layer: str
    input: str
    window: Window
    output: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fold:
    """How an image LOAD turns rows of bytes into beats of neighbouring pixels (formats §6)."""

    row_bytes: int  # of the buffer, whole beats
    used_bytes: int  # of a row that hold pixels
    step: int  # bytes from one beat's first pixel to the next one's
    lead: int  # bytes of padding in front of a row
    width: int  # beats of a row
    rows_step: int  # rows are told apart by their remainder modulo this


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveNode:
    """A load or a store of a value; `tensor` names what the buffer holds.

    A value that is a band of the tensor starts at row `row0` of it. With `fold`, the buffer holds
    an image, of which the value takes rows `rest`, `rest` + rows_step, ...
    """

    store: bool
    value: str
    buffer: Buffer
    tensor: str
    row0: int = 0
    fold: Fold | None = None
    rest: int = 0


Node: TypeAlias = ConvNode | PoolNode | MoveNode


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lowered:
    """A Model as nodes in execution order."""

    values: dict[str, Value]
    nodes: tuple[Node, ...]
    s: dict[str, int]  # layout parameter s by root value
    images: int = 1  # of a frame

    def root(self, value: str) -> str:
        """Value that owns the memory of `value`."""
        return self.values[value].root


def reads(node: Node) -> tuple[str, ...]:
    """Values that a node reads."""
    if isinstance(node, ConvNode):
        sources = tuple(source.value for source in node.sources)
        return sources if node.residual is None else (*sources, node.residual)
    if isinstance(node, PoolNode):
        return (node.input,)
    return (node.value,) if node.store else ()


def writes(node: Node) -> str | None:
    """The value that a node writes, if any."""
    if isinstance(node, MoveNode):
        return None if node.store else node.value
    return node.output
