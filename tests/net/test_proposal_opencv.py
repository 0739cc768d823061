# SPDX-License-Identifier: Apache-2.0
"""The proposal golden against OpenCV's ObjectnessBING with its trained model, on photographs.

OpenCV gives the boxes of each colour space in their order, and places instead of scores. With
single precision and OpenCV's order of ties (tests/bing_reference.py) its boxes come out one for
one. The golden differs by its integers and its order of ties; this says by how much.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from hlsgen.engines.proposal import ProposalSpec, golden
from hlsgen.frontends.bing import load_bing
from hlsgen.model.proposal import ProposalModel
from hlsgen.photos import read_photo
from tests import bing_reference
from tests.conftest import shared_data

pytestmark = pytest.mark.net
LIMIT = 250  # boxes of a size that OpenCV keeps
PHOTOS = ("2007_000033", "2007_000175")  # 500x366, 500x332
Boxes = list[tuple[int, ...]]


def opencv_boxes(folder: Path, image: np.ndarray, scratch: Path) -> list[Boxes]:
    """Boxes of each colour space, best first; values only say where a list begins."""
    cv2 = pytest.importorskip("cv2", reason="opencv-contrib-python-headless is not installed")
    if not hasattr(cv2, "saliency"):
        pytest.skip("cv2 has no saliency module (it comes with the contrib packages)")
    bing = cv2.saliency.ObjectnessBING_create()
    bing.setTrainingPath(str(folder))
    bing.setBBResDir(f"{scratch}/")
    _, found = bing.computeSaliency(image)
    places = np.array(bing.getobjectnessValues())
    cuts = [0, *(np.flatnonzero(np.diff(places) < 0) + 1).tolist(), len(places)]
    corners = [tuple(box) for box in found.reshape(-1, 4).tolist()]
    return [corners[a:b] for a, b in pairwise(cuts)]


@pytest.fixture(scope="module", params=PHOTOS)
def lists(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Path, ProposalModel, np.ndarray, list[Boxes]]]:
    folder = shared_data("bing")
    image = read_photo(shared_data(f"voc/images/{request.param}.jpg"))
    wanted = opencv_boxes(folder, image, tmp_path_factory.mktemp("opencv"))
    yield folder, load_bing(folder), image, wanted


def test_proposal_reference_equals_opencv(lists) -> None:
    folder, model, image, wanted = lists
    assert len(wanted) == len(model.spaces)
    for space, boxes in zip(model.spaces, wanted, strict=True):
        found = bing_reference.boxes(folder, model, space.name, image, LIMIT)
        assert Counter(found) == Counter(boxes)
        # OpenCV's compiler may fuse multiply and add: values that differ in the last bit only.
        same = np.mean([a == b for a, b in zip(found, boxes, strict=True)])
        assert same >= 0.998


def test_proposal_golden_comes_near_opencv(lists) -> None:
    _, model, image, wanted = lists
    height, width = image.shape[:2]
    spec = ProposalSpec(width_max=width, height_max=height, limit_n=LIMIT, top_k=4096)
    for space, boxes in zip(model.spaces, wanted, strict=True):
        found = [tuple(box) for box in golden(spec, space, image, exact=True).boxes.tolist()]
        shares = {n: len({*boxes[:n]} & {*found[:n]}) / len({*boxes[:n]}) for n in (10, 100, 1000)}
        assert shares[10] == 1
        assert shares[100] >= 0.99
        assert shares[1000] >= 0.98
        absent = (Counter(boxes) - Counter(found)).total()
        assert absent <= 0.06 * len(boxes)
