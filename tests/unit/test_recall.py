# SPDX-License-Identifier: Apache-2.0
"""Recall: the measure by hand, the folder of photographs, the command."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from hlsgen import api
from hlsgen.cli import main
from hlsgen.photos import read_photo
from hlsgen.recall.measure import NEVER, first_hits, merge, recall_at, share_of
from hlsgen.recall.voc import read_boxes, read_voc
from tests.bad_input import matches
from tests.bing import write_space
from tests.conftest import shared_data

pytestmark = pytest.mark.unit
Refused = Callable[..., str]
OBJECT = (
    "<object><difficult>{hard}</difficult><bndbox><xmin>{0}</xmin><ymin>{1}</ymin>"
    "<xmax>{2}</xmax><ymax>{3}</ymax></bndbox></object>"
)


def annotate(path: Path, *objects: tuple[tuple[int, ...], int]) -> None:
    body = "".join(OBJECT.format(*box, hard=hard) for box, hard in objects)
    path.write_text(f"<annotation>{body}</annotation>")


def shrink(path: Path) -> None:
    from PIL import Image

    Image.new("RGB", (8, 7)).save(path)


@pytest.fixture
def voc(tmp_path: Path) -> Path:
    """Two small photographs; the second has only a difficult object."""
    from PIL import Image

    folder = tmp_path / "voc"
    (folder / "annotations").mkdir(parents=True)
    (folder / "images").mkdir()
    noise = np.random.default_rng(8).integers(0, 256, (48, 64, 3), np.uint8)
    for name in ("a", "b"):
        Image.fromarray(noise).save(folder / "images" / f"{name}.png")
    annotate(folder / "annotations/a.xml", ((1, 1, 32, 32), 0), ((1, 1, 2, 2), 0))
    annotate(folder / "annotations/b.xml", ((1, 1, 32, 32), 1))
    return folder


@pytest.fixture
def model(tmp_path: Path) -> Path:
    (tmp_path / "files").mkdir()
    write_space(tmp_path / "files")
    write_space(tmp_path / "files", "I", seed=1)
    api.import_model(tmp_path / "files", tmp_path / "model")
    return tmp_path / "model"


def test_recall_counts_a_box_from_one_half_on() -> None:
    objects = np.array([[1, 1, 10, 10], [21, 1, 30, 10], [50, 50, 51, 51]])
    boxes = np.array(
        [
            [1, 1, 10, 4],  # 40 of 100
            [21, 1, 30, 20],  # exactly a half
            [1, 1, 10, 5],  # exactly a half
            [1, 1, 10, 10],
        ]
    )
    assert first_hits(boxes, objects).tolist() == [2, 1, NEVER]
    assert first_hits(boxes[:0], objects).tolist() == [NEVER] * 3
    ranks = [first_hits(boxes, objects), np.array([0])]
    assert recall_at(ranks, 2) == pytest.approx((1 / 3 + 1) / 2)  # images count alike
    assert recall_at(ranks, 1) == pytest.approx(1 / 2)


def test_share_of_counts_boxes_and_not_places() -> None:
    exact = np.array([[1, 1, 2, 2], [3, 3, 4, 4], [5, 5, 6, 6]])
    assert share_of(exact[::-1], exact, 3) == 1
    assert share_of(exact[::-1], exact, 1) == 0
    assert share_of(exact[:2], exact, 3) == pytest.approx(2 / 3)


def test_recall_merges_lists_by_the_published_ranks() -> None:
    lists = [np.full((700, 4), 0), np.full((2, 4), 1), np.full((1, 4), 2)]
    merged = merge(lists)[:, 0]
    assert len(merged) == 703
    # ranks 300.., 900 and 903, 1500: place 600 of the first list also has 900, and comes first
    assert np.flatnonzero(merged == 1).tolist() == [601, 605]
    assert np.flatnonzero(merged == 2).tolist() == [702]


def test_recall_leaves_difficult_objects_out(voc: Path) -> None:
    (photo,) = read_voc(voc)
    assert (photo.path.name, len(photo.boxes)) == ("a.png", 2)
    assert read_boxes(voc / "annotations/b.xml").shape == (0, 4)


def test_recall_prints_table_and_plot(
    model: Path, voc: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plot = tmp_path / "out" / "recall.svg"
    with pytest.raises(SystemExit) as stop:
        main(["recall", str(model), "--voc", str(voc), "--plot", str(plot), "--json"])
    figures = json.loads(capsys.readouterr().out)
    assert (stop.value.code, figures["images"], figures["boxes"]) == (0, 1, 2)
    assert set(figures["recall"]) == {"10", "100", "1000", "2000"}
    spaces = [(curve["space"], curve["suppression"]) for curve in figures["curves"]]
    assert spaces == [(s, k) for s in ("bgr", "gray", "all") for k in ("exact", "streamed")]
    assert figures["recall"] == {n: figures["curves"][-1][n] for n in figures["recall"]}
    assert figures["recall"]["1000"] == 0.5  # the object of two pixels is met by no window
    drawn = ElementTree.parse(plot).getroot()
    assert len([item for item in drawn.iter() if item.get("class") == "curve"]) == 6


def test_recall_says_how_far_it_is(model: Path, voc: Path) -> None:
    steps: list[str] = []
    api.recall(model, voc=voc, progress=steps.append)
    assert steps == ["photograph 1 of 1"]


def test_recall_of_the_real_model_streams_as_well_as_exact(tmp_path: Path) -> None:
    source, photos = shared_data("bing"), shared_data("voc")
    small = tmp_path / "voc"
    for name in ("2007_000027", "2007_000063"):
        for folder, suffix in (("annotations", "xml"), ("images", "jpg")):
            (small / folder).mkdir(parents=True, exist_ok=True)
            shutil.copy(photos / folder / f"{name}.{suffix}", small / folder)
    api.import_model(source, tmp_path / "model")
    curves = api.recall(tmp_path / "model", voc=small)["curves"]
    for exact, streamed in zip(curves[::2], curves[1::2], strict=True):
        assert streamed["1000"] >= exact["1000"] - 0.005
        assert exact["1000"] >= 0.9
        assert 0.9 < streamed["kept"] < exact["kept"] == 1


@pytest.mark.parametrize(
    ("harm", "pattern"),
    [
        (lambda f: shutil.rmtree(f / "images"), r"^VOC folder must hold a folder JPEGImages or im"),
        (lambda f: (f / "images/a.png").unlink(), r"^Annotation a\.xml must have a photograph of"),
        (
            lambda f: [p.unlink() for p in (f / "annotations").iterdir()],
            r"^VOC folder must hold annotations \(\*\.xml\), not none",
        ),
        (lambda f: (f / "annotations/a.xml").write_text("<a>"), r"^Annotation a\.xml must be XML"),
        (
            lambda f: (f / "annotations/a.xml").write_text("<!DOCTYPE a [<!ENTITY b 'c'>]><a/>"),
            r"^Annotation a\.xml must not declare a document type$",
        ),
        (
            lambda f: annotate(f / "annotations/a.xml", ((9, 1, 2, 2), 0)),
            r"^Annotation a\.xml must have corners in order within 65536, not \[9, 1, 2, 2\]$",
        ),
        (
            lambda f: annotate(f / "annotations/a.xml", (("x", 1, 2, 2), 0)),
            r"^Annotation a\.xml must give xmin, ymin, xmax, ymax of each object as numbers",
        ),
        (
            lambda f: (f / "images/a.png").write_bytes((f / "images/a.png").read_bytes()[:300]),
            r"^Photograph must be a whole image, which a\.png is not; copy it again$",
        ),
        (
            lambda f: (f / "images/a.png").write_text("no image"),
            r"^Photograph must be a JPEG, PNG, BMP or PPM image, which a\.png is not$",
        ),
        (
            lambda f: shrink(f / "images/a.png"),
            r"^Image must be 8x8 to 8x8 .*, not 8x7; .* \(photograph a\.png\)$",
        ),
    ],
    ids=[
        "no images",
        "no photo",
        "none",
        "xml",
        "entity",
        "corners",
        "text",
        "cut",
        "no image",
        "small",
    ],
)
def test_recall_refuses(
    model: Path, voc: Path, refused: Refused, harm: Callable[[Path], object], pattern: str
) -> None:
    harm(voc)
    matches(refused("recall", model, "--voc", voc), pattern)


@pytest.mark.parametrize("mode", ["L", "RGBA", "P"])
def test_photo_of_another_mode_is_refused(tmp_path: Path, mode: str) -> None:
    from PIL import Image

    path = tmp_path / "x.png"
    Image.new(mode, (20, 20)).save(path)
    with pytest.raises(ValueError, match=rf"^Photograph must be 8-bit RGB, not of mode {mode} "):
        read_photo(path)


def test_photo_is_blue_first(tmp_path: Path) -> None:
    from PIL import Image

    path = tmp_path / "x.bmp"
    Image.new("RGB", (9, 8), (1, 2, 3)).save(path)
    assert read_photo(path)[7, 8].tolist() == [3, 2, 1]
