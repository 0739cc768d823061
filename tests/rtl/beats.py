# SPDX-License-Identifier: Apache-2.0
"""Row jobs of frames as the beats of the proposal engine's stream, and scripts of its benches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from hlsgen.engines.proposal import ProposalSpec, Size, SizeMaps, maps, sizes_of
from hlsgen.engines.proposal_jobs import Job, Kind, jobs
from hlsgen.model.proposal import SPACES, Space
from tests.rtl.scripted import hex_lines, run_script

SIZES = (0, 1, 2, 3, 6, 7, 8, 12, 13, 19)
COEFFICIENTS = ((59, 41), (-128, 8), (1, 127), (-60, -70), (127, -5))
LANES = (1, 3, 5, 8)
DRAIN = 100  # idle cycles before frames of another program
ROOM = ProposalSpec(width_max=70, height_max=40, lanes_n=3, sizes=SIZES)
IMAGES = ((53, 33), (70, 40), (8, 9), (37, 21))  # width, height


@dataclass(frozen=True, eq=False)
class Frame:
    """An image with the golden maps of all stages."""

    spec: ProposalSpec
    space: Space
    image: np.ndarray

    @cached_property
    def maps(self) -> list[SizeMaps]:
        return maps(self.spec, self.space, self.image)

    @cached_property
    def sizes(self) -> tuple[Size, ...]:
        return sizes_of(self.space.sizes, self.image.shape[1], self.image.shape[0])

    @cached_property
    def jobs(self) -> tuple[Job, ...]:
        return jobs(self.spec, self.sizes, self.image.shape[0])

    @cached_property
    def bases(self) -> list[int]:
        beats = [-(-size.map[0] // self.spec.lanes_n) for size in self.sizes]
        return [sum(beats[:slot]) for slot in range(len(beats))]


@dataclass(frozen=True)
class Beat:
    """One beat; `final` in the last job of a frame."""

    frame: Frame
    job: Job
    number: int
    final: bool

    @property
    def last(self) -> bool:
        return self.number == self.job.beats - 1

    @property
    def place(self) -> int:
        return self.frame.bases[self.job.slot] + self.number

    @property
    def map(self) -> SizeMaps:
        return self.frame.maps[self.job.slot]

    @property
    def columns(self) -> np.ndarray:
        """Map columns of the lanes."""
        lanes = self.frame.spec.lanes_n
        return np.arange(self.number * lanes, (self.number + 1) * lanes)

    @property
    def present(self) -> np.ndarray:
        return self.columns < self.map.size.map[0]

    def tag(self, *, lag: int = 0) -> int:
        """The tag where stages are `lag` rows behind (microarchitecture.md)."""
        job, height = self.job, self.map.size.map[1]
        return tag_word(
            job,
            self.number,
            self.place,
            bits(self.present, 1),
            held=job.row >= height + lag,
            end=self.last and self.final,
        )

    def lanes(self, table: np.ndarray, row: int, random: np.random.Generator) -> np.ndarray:
        """The lanes' values of a map's row, whatever where there is none."""
        found = random.integers(0, 256, (len(self.columns), *table.shape[2:]))
        if 0 <= row < table.shape[0]:
            there = self.columns < table.shape[1]
            found[there] = table[row, self.columns[there]]
        return found


def tag_word(job: Job, number: int, place: int, lanes: int, *, held: bool, end: bool) -> int:
    """Tag of a job's beat (microarchitecture.md); `held`: behind the map, `end`: of the frame."""
    fields = (
        (job.slot, 0),
        (job.row, 6),
        (number, 18),
        (place, 30),
        (lanes, 44),
        (number == 0, 52),
        (number == job.beats - 1, 53),
        (held, 54),
        (end, 55),
    )
    return sum(int(value) << low for value, low in fields)


def bits(values: np.ndarray, width: int) -> int:
    """Values side by side, the first one lowest."""
    mask = (1 << width) - 1
    return sum((int(v) & mask) << width * i for i, v in enumerate(np.asarray(values).ravel()))


def joined(*fields: tuple[int, int]) -> int:
    """(value, width) fields side by side, the first one highest."""
    total = 0
    for value, width in fields:
        total = total << width | (int(value) & ((1 << width) - 1))
    return total


def random_space(random: np.random.Generator, name: str) -> Space:
    """A filter whose scores fit, with all signs equal now and then."""
    basis = np.where(
        random.random((2, 8, 8)) < random.choice([0.0, 0.5, 0.8, 1.0], (2, 1, 1)), 1, -1
    )
    count = len(SIZES)
    return Space(
        name=name,
        basis=basis.astype(np.int8),
        coefficients=COEFFICIENTS[random.integers(len(COEFFICIENTS))],
        score_unit=1.0,
        sizes=SIZES,
        slope=np.ones(count, np.int64),
        offset=np.zeros(count, np.int64),
    )


def random_frame(
    lanes_n: int, random: np.random.Generator, size: tuple[int, int], name: str
) -> Frame:
    """Noise, soft or of extremes."""
    spec = ProposalSpec(
        width_max=ROOM.width_max, height_max=ROOM.height_max, lanes_n=lanes_n, sizes=SIZES
    )
    width, height = size
    image = random.integers(0, 256, (height, width, 3))
    style = random.integers(3)
    if style == 1:
        image = np.where(image < 128, 0, 255)
    elif style == 2:
        image = np.clip(100 + 3 * np.arange(width)[:, None] + image // 32, 0, 255)
    return Frame(spec, random_space(random, name), image.astype(np.uint8))


def frames(lanes_n: int, random: np.random.Generator) -> list[Frame]:
    """Images of several sizes and spaces; every one twice, so that equal programs follow."""
    made = []
    for number, size in enumerate(IMAGES):
        made += frame_pair(lanes_n, random, size, SPACES[(number + lanes_n) % len(SPACES)])
    return made


def frame_pair(
    lanes_n: int, random: np.random.Generator, size: tuple[int, int], name: str
) -> list[Frame]:
    """Two images of one program."""
    frame = random_frame(lanes_n, random, size, name)
    other = random_frame(lanes_n, random, size, name)
    return [frame, Frame(frame.spec, frame.space, other.image)]


def stream(
    work: Sequence[Frame], random: np.random.Generator, idle: float
) -> Iterator[Beat | Frame | None]:
    """A beat or None a cycle, a Frame before its beats; `idle` is the share of None."""
    space = None
    for frame in work:
        if frame.space is not space:
            yield from [None] * DRAIN
            space = frame.space
        yield frame
        final = max(i for i, job in enumerate(frame.jobs) if job.kind != Kind.IDLE)
        for number, job in enumerate(frame.jobs):
            if job.kind == Kind.IDLE:
                yield from [None] * job.beats
                continue
            for beat in range(job.beats):
                while random.random() < idle:
                    yield None
                yield Beat(frame, job, beat, number == final)


@dataclass(frozen=True, slots=True)
class Want:
    """What must leave the stage: cycle, value and the bits of it that count."""

    cycle: int
    value: int
    care: int


def run(stem: str, params: dict[str, int], folder: Path, lines: list[int], wants: list[Want],
        width: int) -> None:  # fmt: skip
    """Run a bench on a script."""
    assert len(lines) <= 1 << 16, "the script must fit the bench"
    rows = [joined((w.cycle, 32), (w.care, width), (w.value, width)) for w in wants]
    (folder / "lines.hex").write_text(hex_lines(lines))
    (folder / "wants.hex").write_text(hex_lines(rows))
    run_script(stem, params, folder, lines=len(lines), wants=len(wants))
