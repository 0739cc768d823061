# SPDX-License-Identifier: Apache-2.0
"""Real networks on the boards' default designs: C simulation equals golden on real images."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hlsgen.model import golden
from hlsgen.run.csim import csim
from tests.net.networks import CASES, NETWORKS, Built, finn_classes, project

pytestmark = [pytest.mark.net, pytest.mark.filterwarnings("ignore:Output shapes disagree")]


def _equal(built: Built) -> np.ndarray:
    """The outputs in numbers, after every tensor was found equal."""
    x, model = built.frames, built.model
    result = csim(built.folder, x)
    assert result["equal"], (result["difference"], result["failure"], result["degenerate"])
    assert result["tensors_compared"] == len(x) * len(model.layers)
    assert result["frames"] == len(x)
    (output,) = model.outputs
    codes = golden.run(model, golden.preprocess(model, x), keep=[output])[output]
    real = golden.dequantise(model, output, codes).reshape(len(x), -1)
    np.testing.assert_array_equal(result["values"].reshape(len(x), -1), real)
    return real


@pytest.mark.parametrize("name", CASES)
def test_csim_equals_golden_on_real_frames(name: str, tmp_path: Path) -> None:
    values = _equal(project(NETWORKS[name], tmp_path / "project"))
    if name.startswith("finn"):
        assert values.argmax(axis=1).tolist() == finn_classes()


@pytest.mark.parametrize("name", ["tfc-1w1a-shared", "tfc-2w2a-shared", "finn-tfc-shared"])
def test_csim_equals_golden_on_the_default_design(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The networks that share a design run on their own one too (4-bit containers).

    Their program is the one that users get: with all optimisations.
    """
    monkeypatch.delenv("HLSGEN_OPTIMISE", raising=False)
    built = project(replace(NETWORKS[name], spec=None), tmp_path / "project")
    values = _equal(built)
    assert built.design.spec.act_bits == 4
    if name.startswith("finn"):
        assert values.argmax(axis=1).tolist() == finn_classes()
