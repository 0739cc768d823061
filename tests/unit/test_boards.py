# SPDX-License-Identifier: Apache-2.0
"""Boards: values from their sources, and refusal of wrong files."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from hlsgen.boards import board_names, load_board
from hlsgen.errors import BoardError
from tests.conftest import shared_data

pytestmark = pytest.mark.unit

GOOD = """
title: Mine
part: xc7z020clg400-1
device: xc7z020
ddr: {kind: DDR3-1066, data_bits: 32, megatransfers: 1066.0, assumed: true, source: a guess}
pl_clock: {pin: Y9, mhz: 100.0}
hp_ports: 4
"""


def write(folder: Path, text: str) -> str:
    path = folder / "mine.yaml"
    path.write_text(text)
    return str(path)


def test_boards_are_the_four() -> None:
    assert board_names() == ("pynq_z2", "zc706", "zedboard", "zybo_z7_20")


@pytest.mark.parametrize(
    ("name", "peak", "assumed"),
    [
        ("zedboard", 4.264e9, True),
        ("zc706", 4.264e9, True),
        ("pynq_z2", 2.1e9, False),
        ("zybo_z7_20", 4.266666664e9, False),
    ],
)
def test_board_memory_peak(name: str, peak: float, assumed: bool) -> None:
    ddr = load_board(name).ddr
    assert ddr.peak_bytes_per_s == pytest.approx(peak, rel=1e-12)
    assert ddr.assumed is assumed


@pytest.mark.parametrize("name", ["zedboard", "zc706", "pynq_z2", "zybo_z7_20"])
def test_board_resources_are_the_source_s(name: str) -> None:
    board = load_board(name)
    known = json.loads(shared_data("boards/device_resources.json").read_text())[board.device]
    got = board.resources
    assert (got.lut, got.ff, got.dsp48e1, got.bram36) == (
        known["LUT"],
        known["FF"],
        known["DSP48E1"],
        known["BRAM36"],
    )


def test_board_ddr_budget_per_cycle() -> None:
    board = load_board("zedboard")
    assert board.ddr_bytes_per_cycle(100e6) == pytest.approx(34.112)
    assert board.ddr_bytes_per_cycle(100e6, efficiency=0.65) == pytest.approx(27.716)
    assert board.ddr_bytes_per_cycle(1e6) == 64.0  # 4 ports, 8 bytes, both directions


@pytest.mark.parametrize(("name", "total"), [("zedboard", 32), ("zc706", 64)])
def test_board_slots_add_up(name: str, total: int) -> None:
    slots = load_board(name).resources.slots
    assert slots.pot4 + slots.fixed4 + slots.fixed8 == total


def test_board_from_a_users_file(tmp_path: Path) -> None:
    board = load_board(write(tmp_path, GOOD))
    assert (board.name, board.resources.lut) == ("mine", 53200)


def test_unknown_board_names_the_known_ones() -> None:
    sentence = (
        r"^Board must be one of pynq_z2, zc706, zedboard, zybo_z7_20 or a path to a board\.yaml, "
        r"not 'zcu102'; hlsgen boards describes them$"
    )
    with pytest.raises(BoardError, match=sentence):
        load_board("zcu102")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            ("device: xc7z020", "device: xczu9"),
            r"^Board device must be one of .*not 'xczu9' \(.*\)$",
        ),
        (
            ("hp_ports: 4", "hp_ports: 9"),
            r"^Board file must match its schema \(.*\): hp_ports: .*$",
        ),
        (
            ("hp_ports: 4", "ports: 4"),
            r"^Board file must match its schema .*ports: Extra inputs.*$",
        ),
        (
            ("part: xc7z020clg400-1", "part: 'a;exec b'"),
            r"^Board file must match .*part: String.*$",
        ),
        (
            ("title: Mine", "title: !!python/object/apply:os.getcwd []"),
            r"^Board file must be plain YAML",
        ),
        (("mhz: 100.0", "mhz: .nan"), r"^Board file must match its schema .*pl_clock\.mhz: .*$"),
    ],
    ids=["device", "range", "extra", "tcl", "tag", "nan"],
)
def test_board_file_errors(tmp_path: Path, change: tuple[str, str], sentence: str) -> None:
    assert change[0] in GOOD
    with pytest.raises(BoardError, match=sentence):
        load_board(write(tmp_path, GOOD.replace(*change)))


def test_board_file_absent_or_huge(tmp_path: Path) -> None:
    with pytest.raises(BoardError, match=r"^Board file must be readable, not .*no\.yaml \(No such"):
        load_board(str(tmp_path / "no.yaml"))
    with pytest.raises(BoardError, match=r"^Board file must hold at most 65536 bytes \(.*\)$"):
        load_board(write(tmp_path, "#" * 70_000))


def test_board_file_of_nested_lists_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BoardError, match=re.compile(r"^Board file must be plain YAML")):
        load_board(write(tmp_path, "[" * 30_000))
