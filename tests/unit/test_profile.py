# SPDX-License-Identifier: Apache-2.0
"""The layers of a profile: of a batch each image has its share, of what the report says."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from hlsgen.engines.program import Compute, decode
from hlsgen.engines.rows import held_formats
from hlsgen.errors import ProjectError
from hlsgen.plan.image import pack_project
from hlsgen.run.profile import layer_figures
from hlsgen.run.project import Project
from tests.models import random_model
from tests.net.csim_build import project_from
from tests.random_networks import DESIGNS, batch_of

pytestmark = pytest.mark.unit
SPEC = DESIGNS["a8_small"]
IMAGES = 3
CYCLES = 30  # of every descriptor: 10 busy, 7 waiting for weights, 6 for activations, 4 for drain


def project(folder: Path) -> Project:
    model = random_model(np.random.default_rng(5), formats=held_formats(SPEC), layers=5)
    image = pack_project(batch_of(model, SPEC, IMAGES, 0))
    return project_from(model, SPEC, image, folder)


def report_of(made: Project) -> bytes:
    """Descriptors of a batch, one behind the other."""
    entries = b""
    for slot, item in enumerate(decode(made.program).descriptors):
        tiles = item.tiles if isinstance(item, Compute) else 0
        begin = CYCLES * slot
        entries += struct.pack("<8Q", begin, begin + CYCLES, 10, 7, 6, 4, slot, tiles)
    return bytes(128) + entries


def test_layers_are_of_an_image(tmp_path: Path) -> None:
    made = project(tmp_path)
    descriptors = decode(made.program).descriptors
    macs = {layer.name: 1000 for layer in made.model.layers}
    found = {item["name"]: item for item in layer_figures(made, report_of(made), 1, macs)}
    own = [
        (name, item)
        for name, item in zip(made.layers, descriptors, strict=True)
        if isinstance(item, Compute)
    ]
    for name, figures in found.items():
        count = sum(layer == name for layer, _ in own)
        assert count % IMAGES == 0
        assert (figures["cycles"], figures["busy"]) == (
            CYCLES * count // IMAGES,
            10 * count // IMAGES,
        )
        assert figures["waits"] == {
            "weights": round(7 * count / IMAGES),
            "activations": round(6 * count / IMAGES),
            "drain": round(4 * count / IMAGES),
        }
        share = 1000 / (SPEC.products_n * figures["cycles"])
        assert figures["utilisation"] == pytest.approx(share, abs=1e-4)
    assert set(found) == {name for name, _ in own} and len(found) > 3


@pytest.mark.parametrize("beat", [6, 7], ids=["place", "tiles"])
def test_an_entry_that_is_not_its_own_is_refused(beat: int, tmp_path: Path) -> None:
    made = project(tmp_path)
    report = bytearray(report_of(made))
    report[128 + 8 * beat] ^= 1
    rule = r"^Report entry 0 of frame 0 must hold (its place 0|0 tiles), not 1; report this"
    with pytest.raises(ProjectError, match=rule):
        layer_figures(made, bytes(report), 1, {})
