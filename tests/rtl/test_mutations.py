# SPDX-License-Identifier: Apache-2.0
"""A planted mutation of every stage turns its bench red, by a mismatch that the bench reports.

Each case is one of its stage's usual tests, so that the same run without the mutation is green.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from hlsgen.emit.hls import write_hls
from hlsgen.engines.program import Compute, decode, encode
from hlsgen.engines.rows import held_formats
from hlsgen.plan.image import pack_project
from hlsgen.run import csim, sim
from tests.models import random_codes, random_model
from tests.net.csim_build import project_from, project_of
from tests.net.sim_build import sim_project
from tests.random_networks import DESIGNS, batch_of
from tests.rtl import (
    test_add,
    test_array,
    test_axi,
    test_boxes,
    test_calibrate,
    test_colour,
    test_control,
    test_ddr,
    test_fetch,
    test_gradient,
    test_heap,
    test_image_stream,
    test_load,
    test_pool,
    test_program,
    test_proposal,
    test_proposal_program,
    test_rank,
    test_requant,
    test_residual,
    test_resize,
    test_rows,
    test_score,
    test_store,
    test_suppress,
    test_window,
    test_writer,
)
from tests.rtl.mutants import Mutant, Mutation

pytestmark = pytest.mark.rtl
ERRORS = r"AssertionError: \d+ errors, see the log above"
FRAMES = 2
SMALL = DESIGNS["a8_small"]


@dataclass(frozen=True, slots=True)
class Case:
    """A mutation, the test that must turn red, and the words in which it does so."""

    mutation: Mutation
    run: Callable[[Path], None]
    reason: str


def case(
    source: str,
    old: str,
    new: str,
    run: Callable[[Path], None],
    reason: str = ERRORS,
    **context: str,
) -> Case:
    """A case; `context` is what stands before and after the expression that is mutated."""
    return Case(Mutation(source=source, old=old, new=new, **context), run, reason)


def rtl(name: str) -> str:
    return f"templates/rtl/hg_{name}.sv"


def fetch_of_three_ports(folder: Path) -> None:
    test_fetch.test_streams_arrive_whole(test_fetch.CONFIGS[0].values[0], 70, folder)


def camera(name: str) -> Callable[[Path], None]:
    return lambda folder: test_image_stream.test_image_stream_writes_match_golden(name, folder)


def programs_are_checked(folder: Path) -> None:
    test_proposal_program.test_programs_are_read_and_checked(0, folder)


def writer_of_two_pixels(folder: Path) -> None:
    test_writer.test_writer_memory_matches_golden("w4_one_group", folder)


def load_of_two_banks(folder: Path) -> None:
    test_load.test_load_memory_matches_golden("b2", 2, 30, folder)


def heap_of_few_limits(folder: Path) -> None:
    test_heap.test_heap_results_match_golden("few_limits", folder)


def requant_of_one_step(folder: Path) -> None:
    test_requant.test_requant_beats_match_golden("w8_one_step", folder)


def rows_of_one_port(folder: Path) -> None:
    test_rows.test_rows_beats_match_golden(3, 1, (53, 33), 40, 10, folder)


def suppress_of_three_lanes(folder: Path) -> None:
    test_suppress.test_suppress_points_match_golden("three", folder)


def small_window(folder: Path) -> None:
    test_window.test_window_steps_match_golden("w8_small", folder)


CASES = {
    "add": case(  # a sum half a code above a tie is taken for one
        rtl("add_lane"), "sum_q[24:0] == '0", "sum_q[23:0] == '0",
        lambda folder: test_add.test_add_entries_match_golden("w4_single", folder),
    ),
    "add-planes": case(  # the low plane of the residual's code, twice
        rtl("add_lane"), "{sel, second[p*ActBits +: ActBits]}", "{sel, second[0 +: ActBits]}",
        lambda folder: test_add.test_add_entries_match_golden("w4_planes", folder),
    ),
    "pool-planes": case(  # the high plane of the tap before
        rtl("pool"), "if (!rst_n || take) high_q", "if (!rst_n || pk_last) high_q",
        lambda folder: test_pool.test_pool_entries_match_golden("w4_planes", 1, 0, folder),
    ),
    "residual-planes": case(  # the high plane of the tensor before, which had two
        rtl("residual"), "if (!two_planes) high_code_q <= '0;",
        "if (!rst_n) high_code_q <= '0;",
        lambda folder: test_residual.test_residual_entries_in_order("w4_planes", 1, 0, 0, folder),
    ),
    "actmem": case(  # a writer that is always there keeps a load out for ever
        rtl("actmem"), "ld_req && !ld_free", "1'b0",
        load_of_two_banks,
    ),
    "array": case(  # the flags of the other block's rows
        rtl("array"), "sp2_q <= sp2[k_blk]", "sp2_q <= sp2[0]",
        lambda folder: test_array.test_array_tiles_match_golden("w8_fixed4", folder),
    ),
    "axi-read": case(  # a burst is asked for while there is room for a part of it
        rtl("axi_read"), "credit_q[CreditW-1:4] != '0", "credit_q != '0",
        lambda folder: test_axi.test_beats_arrive(60, 40, 1, folder),
        "hg_axi_read: beat that was not asked for",
    ),
    "axi-write": case(  # data while their address still waits
        rtl("axi_share_write"), "CountW'(head_q - CountW'(aw_valid_q)) != w_q",
        "head_q != w_q", lambda folder: test_axi.test_beats_arrive(60, 40, 2, folder),
        "W before its AW",
    ),
    "boxes": case(  # boxes reach over the image's right side
        rtl("boxes"), "least(x2_q, image_w)", "16'(x2_q)",
        lambda folder: test_boxes.test_boxes_records_match_golden("thirteen", folder),
    ),
    "calibrate": case(  # the next score's offset
        rtl("calibrate"), "48'(offset_q2)", "48'(offset_q)",
        test_calibrate.test_calibrate_values_match_golden,
    ),
    "colour": case(  # hue is cut off instead of rounded
        rtl("colour_hsv"), "18'(hue_q7[11])", "18'd0",
        lambda folder: test_colour.test_colour_pixels_match_golden(1, 0, folder),
    ),
    "control": case(  # reading any register clears done
        rtl("control"), "else if (read && rd_word == 5'd0) {done_q",
        "else if (read) {done_q", test_control.test_registers, r"read\(CONTROL\) == DONE",
    ),
    "drain": case(  # all pairs of pixels are waited for, of a tensor of one pixel too
        rtl("drain_beats"), "(lone_blk[blk_q] || pair_q", "(pair_q",
        lambda folder: test_requant.test_requant_beats_match_golden("w8_pairs", folder),
    ),
    "ddr": case(  # reads cost nothing of the shared budget
        "sim/common/hg_ddr.sv", "          left -= cost;\n          beats_read++;",
        "          beats_read++;", test_ddr.test_bytes_are_bounded_and_latency_counts,
        r"assert \d+ > ",
    ),
    "fetch-records": case(  # a record too many in the ring
        rtl("fetch_unpack"), "records_used_q != (RecordW + 1)'(RecordDepth)",
        "records_used_q <= (RecordW + 1)'(RecordDepth)", fetch_of_three_ports, r"rec \d+: got ",
    ),
    "fetch-words": case(  # the word that a cycle begins needs no place
        rtl("fetch_unpack"), "(RingW + 1)'(1) + (RingW + 1)'(wraps)",
        "(RingW + 1)'(1)", fetch_of_three_ports, r"ring \d+: got ",
    ),
    "gradient": case(  # above the first row lies what the frame before has left
        rtl("gradient"), "tag_q2[17:6] == 12'd1 ? mid_q2 : old_q2", "old_q2",
        lambda folder: test_gradient.test_gradient_beats_match_golden(3, 0.0, folder),
    ),
    "heap-level": case(  # a word is read that the operation before still changes
        rtl("heap_level"), "forward_q ? word_q : read_q", "read_q",
        heap_of_few_limits,
    ),
    "heap": case(  # empty and done do not change places
        rtl("heap"), "!polarity_q[give_bank]", "polarity_q[give_bank]",
        heap_of_few_limits,
    ),
    "image": case(  # a source row is written over before its last reader has read it
        rtl("image_port"), "ahead < 16'(CacheRowsN)", "ahead <= 16'(CacheRowsN)",
        lambda folder: test_rows.test_rows_beats_match_golden(3, 2, (70, 40), 0, 0, folder),
    ),
    "camera-odd": case(  # behind a line of odd length a pixel too many
        rtl("image_stream"), "&& k < PixelsN && x_q + 13'(k) < width",
        "&& k < PixelsN", camera("odd"),
    ),
    "camera-room": case(  # a camera does not wait for the cache
        rtl("image_stream"), "&& fits && !bad\n", "&& !bad\n", camera("waits"),
        "a row that is still needed is lost",
    ),
    "camera-start": case(  # a frame may be longer than the program's
        rtl("image_stream"), "(s_user != first ||", "((s_user && !first) ||",
        camera("long_frame"),
    ),
    "camera-inside": case(  # beats before the first frame count
        rtl("image_stream"), "take && (synced_q || s_user)", "take",
        camera("inside_one"),
    ),
    "load": case(  # a beat is taken in a cycle without a grant
        rtl("load"), "image ? s_ready : ld_gnt", "image ? s_ready : place_valid",
        load_of_two_banks,
    ),
    "pool": case(  # what lies outside the map counts
        rtl("pool"), "k_mask[j] && (first", "(first",
        lambda folder: test_pool.test_pool_entries_match_golden("w4_pair", 1, 0, folder),
    ),
    "program": case(  # the next frame's input is a stride of the output further
        rtl("program"), "in_q <= in_q + arg_in_stride", "in_q <= in_q + arg_out_stride",
        lambda folder: test_program.test_frames_are_copied(1, folder),
        r"assert \(6, 2\) == \(0, 3\)",  # it reads outside its buffer
    ),
    "proposal": case(  # frames begin where the results of frames do
        rtl("proposal"), "value[1]", "value[2]", test_proposal.run_small,
        r"assert b'|Fatal", before=".in_stride(", after=")",
    ),
    "proposal-entries": case(  # of the last beat of a frame no count is kept
        rtl("proposal_entries"), "beats_q + 32'd1", "beats_q",
        test_proposal.run_small, r"assert \[\d+, \d+\] == ",
    ),
    "proposal-program": case(  # the lower source row of a job may lie behind the image
        rtl("proposal_program"), "17'(table_data[31:20]) + 17'd1 >= 17'(height)",
        "17'(table_data[31:20]) + 17'd1 > 17'(height)", programs_are_checked,
    ),
    "proposal-reset": case(  # the core is reset for a few cycles only
        rtl("proposal_program"), "&count_q", "&count_q[2:0]",
        programs_are_checked, before="if (", after=")",
    ),
    "rank": case(  # the greater x wins a tie
        rtl("rank"), ".s_key({point_score, ~point_place})",
        ".s_key({point_score, point_place})",
        lambda folder: test_rank.test_rank_records_match_golden("three", folder),
    ),
    "candidates": case(  # a point of two that come in one cycle
        rtl("candidates"), "next = next + TurnW'(valid_q[i]);", "next = in_q;",
        lambda folder: test_rank.test_rank_records_match_golden("eight", folder),
    ),
    "requant": case(  # y may become 2^15
        rtl("requant_lane"), "s2[16:1] != 16'h7fff", "1'b1",
        requant_of_one_step,
    ),
    "residual": case(  # the next block begins where this one did
        rtl("residual"), "group_end && !block_end ? block_addr_q",
        "group_end ? block_addr_q",
        lambda path: test_residual.test_residual_entries_in_order("w8_two_banks", 1, 0, 0, path),
    ),
    "resize": case(  # the right pixel of the last column of a word is taken from the same word
        rtl("resize_lane"), " + AddrW'(&x[1:0])", "",
        lambda folder: test_resize.test_resize_beats_match_golden(3, 8, folder),
    ),
    "row-jobs": case(  # the lower source row need not be there
        rtl("row_jobs"), "written - first_row - 16'd2", "written - first_row - 16'd1",
        rows_of_one_port,
    ),
    "row-jobs-end": case(  # behind the last frame another one begins
        rtl("row_jobs"), "frame_q != frames", "frame_q <= frames",
        rows_of_one_port,
        "not idle at the end",
    ),
    "score": case(  # windows that begin left of the map count
        rtl("score"), "(7 - l + LanesN - 1) / LanesN", "(7 - l) / LanesN",
        lambda folder: test_score.test_score_beats_match_golden(3, 0.0, folder),
    ),
    "store": case(  # beats are read without room for them
        rtl("store"), "place_valid && credit_q != '0", "place_valid",
        lambda folder: test_store.test_store_stream_matches_golden("b2", 4, 75, 0, folder),
        "hg_store: a beat without room in the FIFO",
    ),
    "suppress": case(  # of two equal points in a row both are first
        rtl("suppress_first"), "both[l][1][i] > older[i]", "both[l][1][i] >= older[i]",
        suppress_of_three_lanes,
        "hg_suppress: two kept points within three lanes",
    ),
    "suppress-column": case(  # of equal points in a column the newest is best
        rtl("suppress_column"), "values[Age+1] >= values[Age]",
        "values[Age+1] > values[Age]",
        suppress_of_three_lanes,
    ),
    "window": case(  # the bank after the last one that wraps
        rtl("window_addr"), "BankW'(k) < shift_q2", "BankW'(k) <= shift_q2",
        small_window,
    ),
    "ring": case(  # a word's place is given away before the word is read
        rtl("ring_pointer"), "release_q[ReleaseDelay-1]", "release_q[0]",
        small_window,
    ),
    "ring-held": case(  # the words of a batch are released behind its first image
        rtl("ring_pointer"), "step && last_read && !hold", "step && last_read",
        small_window,
    ),
    "records-held": case(  # and so are its records
        rtl("records"), "!hold_q", "1'b1",
        requant_of_one_step, before="&& flush_q == '0 && ",
    ),
    "positions": case(  # rows of one pixel end with the even one only
        rtl("positions"), "narrow_q || 16'(x_q) == width_odd_q", "16'(x_q) == width_odd_q",
        small_window,
    ),
    "sequencer": case(  # a tile more under way than the FIFO holds
        rtl("sequencer"), "tiles_out_q < tiles_cap",
        "tiles_out_q <= tiles_cap", small_window, before=": ", after=";",
    ),
    "writer": case(  # a channel group behind the last one
        rtl("writer"), "index_q < groups_n", "index_q <= groups_n",
        lambda folder: test_writer.test_writer_memory_matches_golden("w8", folder),
    ),
    "writer-held": case(  # a write that leaves a cycle out is lost
        rtl("writer"), "merge ? phase_q == 2'd2 : !wr_hold",
        "merge ? phase_q == 2'd2 : 1'b1", writer_of_two_pixels,
    ),
    "places-pair": case(  # two pixels in one bank are written at once
        rtl("write_places"), "DrainN == 2", "DrainN == 3",
        writer_of_two_pixels, before="conflict <= ", after=" &&",
    ),
    "places-lone": case(  # a raw tensor of one pixel has a whole tile
        rtl("write_places"), "lone", "1'b0",
        writer_of_two_pixels, before="tile_end = ", after=" || pixel_q",
    ),
}  # fmt: skip


USES = Counter(item.run for item in CASES.values())
SHARED = [run for run, uses in USES.items() if uses > 1]


def mutant_of(name: str, run: Callable[[Path], None], path: Path, patch: pytest.MonkeyPatch):
    """The mutant of a case; those that share its bench lie in the same program."""
    for part in ("mutant", "run"):
        (path / part).mkdir()
    together = {key: item.mutation for key, item in CASES.items() if item.run == run}
    return Mutant(together, name, path / "mutant", patch)


@pytest.mark.parametrize("name", CASES)
def test_bench_turns_red(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = CASES[name]
    mutant = mutant_of(name, chosen.run, tmp_path, monkeypatch)
    with pytest.raises(AssertionError, match=chosen.reason):
        chosen.run(tmp_path / "run")
    assert mutant.compiled


@pytest.mark.parametrize("run", SHARED, ids=lambda run: run.__name__)
def test_mutations_that_share_a_bench_are_switched(
    run: Callable[[Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without its plusarg none of them does anything."""
    mutant = mutant_of("none", run, tmp_path, monkeypatch)
    run(tmp_path / "run")
    assert mutant.compiled


def small_network() -> tuple:
    """A network for the smallest design, and frames for it."""
    rng = np.random.default_rng(5)
    model = random_model(rng, formats=held_formats(SMALL), layers=5, narrow=0.2)
    return model, random_codes(model, rng, FRAMES)


@pytest.mark.net
def test_simulation_turns_red(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A layer that starts before the one whose output it reads is done gives wrong tensors."""
    model, codes = small_network()
    project = sim_project(model, SMALL, tmp_path / "project")
    assert sim.simulate(project, codes).verdict.first is None
    old = "computes_q >= head[w][64*13+32 +: 32]"
    mutation = Mutation(source=rtl("issue"), old=old, new=old.replace(">=", "+ 32'd1 >="))
    mutant = Mutant({"issue": mutation}, "issue", tmp_path, monkeypatch)
    result = sim.simulate(project, codes)
    assert mutant.compiled == 1
    first = result.verdict.first
    assert first is not None and first.got is not None
    assert not result.verdict.equal


@pytest.mark.net
def test_csim_turns_red(tmp_path: Path) -> None:
    """Requantisation cuts off instead of rounding."""
    model, codes = small_network()
    project = project_of(model, SMALL, tmp_path)
    assert csim.simulate(project, codes).verdict.first is None
    mutation = Mutation(source="templates/hls/requant.hpp", old=" + half + ", new=" + ")
    path = tmp_path / "hls" / "requant.hpp"
    path.write_text(mutation.applied(path.read_text(encoding="utf-8")), encoding="utf-8")
    result = csim.simulate(project, codes)
    assert result.failure is None and result.verdict.first is not None
    assert not result.verdict.equal


@pytest.mark.net
def test_a_batch_that_does_not_hold_turns_red(tmp_path: Path) -> None:
    """The second image finds other weights, or none."""
    model, _ = small_network()
    design = batch_of(model, SMALL, 2, 0)
    project = project_from(model, SMALL, pack_project(design), tmp_path)
    codes = random_codes(model, np.random.default_rng(6), 2 * FRAMES)
    write_hls(SMALL, tmp_path / "hls")
    assert csim.simulate(project, codes).verdict.first is None
    program = decode(project.program)
    held = next(d for d in program.descriptors if isinstance(d, Compute) and d.hold)
    spoilt = (replace(d, hold=False) if d is held else d for d in program.descriptors)
    cleared = encode(replace(program, descriptors=tuple(spoilt)))
    result = csim.simulate(replace(project, program=cleared), codes)
    assert result.failure is not None or result.verdict.first is not None
    assert not result.verdict.equal
