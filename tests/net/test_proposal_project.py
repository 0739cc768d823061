# SPDX-License-Identifier: Apache-2.0
"""Projects of region proposals through the command line: build, csim, estimate, refusals."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from hlsgen import api
from hlsgen.model.store import save
from hlsgen.run.proposal_project import load_proposal_project
from hlsgen.run.proposal_streams import STREAMS
from tests.bad_input import matches
from tests.proposals import a_model, picture

pytestmark = pytest.mark.net
Image = pytest.importorskip("PIL.Image", reason="photographs need pillow")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with bing/, its project out/ for 90x60 and some pictures."""
    root = tmp_path_factory.mktemp("proposals")
    save(a_model(), root / "bing")
    options = {"image": "90x60", "lanes": 2, "top_k": 100}
    figures = api.build(root / "bing", board="zedboard", output=root / "out", **options)
    assert figures["engines"] == ["proposal"]
    for name, side in {"a": (90, 60), "b": (40, 60), "wide": (91, 60), "low": (8, 7)}.items():
        Image.fromarray(picture(*side)[..., ::-1]).save(root / f"{name}.png")
    Image.fromarray(picture(90, 60)[..., 0]).save(root / "grey.png")
    Image.fromarray(np.dstack([picture(90, 60), picture(90, 60)[..., :1]])).save(root / "alpha.png")
    (root / "cut.png").write_bytes((root / "a.png").read_bytes()[:300])
    np.save(root / "frames.npy", np.stack([picture(90, 60), picture(90, 60, 5)]))
    return root


def test_proposal_project_reads_back(place: Path) -> None:
    project = load_proposal_project(place / "out")
    spec = project.spec
    assert (spec.image_max, spec.lanes_n, spec.top_k, spec.ports_n) == ((90, 60), 2, 100, 1)
    written = {path.name for path in (place / "out" / "data").iterdir()}
    assert written == {*(f"program_{name}.bin" for name in ("bgr", "hsv", "gray")), "layout.json"}
    for part, own, other in (
        ("rtl", "hg_proposal", "hg_mixed"),
        ("sim", "hg_rank_monitor", "hg_monitor"),
    ):
        written = {path.name for path in (place / "out" / part).iterdir()}
        assert f"{own}.sv" in written and f"{other}.sv" not in written
    assert "hg_beats.sv" not in written  # a bench of stages


def test_csim_takes_photographs_and_frames(place: Path, tmp_path: Path) -> None:
    paths = [place / "a.png", place / "frames.npy", place / "b.png"]
    values = tmp_path / "v.npy"
    draw = tmp_path / "boxes.png"
    figures = api.csim(place / "out", images=paths, space="hsv", output=values, draw=draw)
    assert figures["equal"] is True, figures
    assert (figures["frames"], figures["tensors_compared"]) == (4, 4 * len(STREAMS))
    assert figures["outputs"] == {"boxes": [100, 6]}
    found = np.load(values)
    assert found.shape == (4, 100, 6)
    np.testing.assert_array_equal(found[0], found[1])  # the same picture, from two kinds of file
    drawn = np.asarray(Image.open(tmp_path / "boxes_0.png"))
    assert drawn.shape == (60, 90, 3) and (drawn != picture(90, 60)[..., ::-1]).any()
    report = json.loads((place / "out" / "report.json").read_text())
    assert report["measurements"]["csim"]["equal"] is True


REFUSED = {
    "wide.png": r"^Image must be 8x8 to 90x60 \(the built size\), not 91x60; .* \(wide\.png\)$",
    "low.png": r"^Image must be 8x8 to 90x60 \(the built size\), not 8x7; .* \(low\.png\)$",
    "grey.png": r"^Photograph must be 8-bit RGB, not of mode L \(grey\.png\); convert grey, ",
    "alpha.png": r"^Photograph must be 8-bit RGB, not of mode RGBA \(alpha\.png\); convert grey, ",
    "cut.png": r"^Photograph must be a whole image, which cut\.png is not; copy it again$",
    "none.png": r"^Photograph must be a file that exists, not .*none\.png$",
}


@pytest.mark.parametrize("name", REFUSED)
def test_csim_refuses_pictures(place: Path, refused: Callable[..., str], name: str) -> None:
    before = sorted(path.name for path in (place / "out").rglob("*"))
    matches(refused("csim", place / "out", "--input", place / name), REFUSED[name])
    assert sorted(path.name for path in (place / "out").rglob("*")) == before


@pytest.mark.parametrize(
    ("options", "pattern"),
    [
        (["--top-k", "0"], r"^Proposal top_k must be in 1\.\.4096, not 0$"),
        (["--image", "1x1"], r"^Image size must be WIDTHxHEIGHT of 8 to 4096 pixels a side, not "),
        (["--image", "500"], r"^Image size must be WIDTHxHEIGHT of .* not '500'; e\.g\. 500x375$"),
        (["--lanes", "9"], r"^Resize lanes_n must be in 1\.\.8, not 9$"),
        (["--camera", "3"], r"^Proposal stream_pixels must be 1 or 2, or 0 without .*, not 3$"),
    ],
    ids=["k", "1x1", "one side", "lanes", "camera"],
)
def test_build_refuses_choices(
    place: Path, refused: Callable[..., str], tmp_path: Path, options: list[str], pattern: str
) -> None:
    command = ["build", place / "bing", "--board", "zedboard", "-o", tmp_path / "out"]
    matches(refused(*command, *options), pattern)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("command", ["csim", "sim"])
def test_other_projects_are_refused(
    place: Path, refused: Callable[..., str], tmp_path: Path, command: str
) -> None:
    """A space that the model lacks, a folder that is no project."""
    matches(
        refused(command, place / "out", "--space", "lab"),
        r"^Colour space must be one of bgr, hsv, gray \(model made_up\), not 'lab'$",
    )
    matches(
        refused(command, place / "bing"), r"^Project must be a folder that hlsgen build wrote, "
    )


def test_a_design_file_may_be_partial(place: Path, tmp_path: Path) -> None:
    design = tmp_path / "design.yaml"
    design.write_text("proposal: {lanes_n: 5, attempts_n: 4}\n")
    api.build(place / "bing", board="zedboard", output=tmp_path / "out", design=design)
    spec = load_proposal_project(tmp_path / "out").spec
    assert (spec.lanes_n, spec.attempts_n, spec.ports_n, spec.width_max) == (5, 4, 2, 500)
    again = api.build(
        place / "bing",
        board="zedboard",
        output=tmp_path / "two",
        design=tmp_path / "out/design.yaml",
    )
    assert load_proposal_project(Path(again["project"])).spec == spec


def test_a_design_file_of_the_other_engine_is_refused(
    place: Path, refused: Callable[..., str], tmp_path: Path
) -> None:
    design = tmp_path / "design.yaml"
    design.write_text("mixed: {lanes_n: 4}\n")
    command = ["build", place / "bing", "--board", "zedboard", "-o", tmp_path / "out"]
    matches(refused(*command, "--design", design), r"^Design file must have a section proposal ")
    design.write_text("batch: 2\n")
    rule = (
        r"^Design file must have no batch for region proposals, not 2 \(model .*\); leave it out$"
    )
    matches(refused(*command, "--design", design), rule)


def test_estimate_of_proposals(place: Path) -> None:
    figures = api.estimate(place / "bing", board="zedboard", image="500x375", lanes=3)
    assert figures["fits"] is True
    assert (figures["cycles_per_frame"], figures["dsp"]) == (84_103, 48)
    assert 0 < figures["lut"] < figures["ff"] * 2
