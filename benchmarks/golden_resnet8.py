# SPDX-License-Identifier: Apache-2.0
"""Golden ResNet-8 on 1,000 CIFAR-10 images: accuracy, seconds, equality with LiteRT.

python -m benchmarks.golden_resnet8 [--no-litert]
"""

from __future__ import annotations

import json
import sys
import time

import numpy as np

from hlsgen.frontends.tflite import load_tflite
from hlsgen.model import golden
from tests.cifar import ARCHIVE, images
from tests.conftest import shared_root
from tests.tflite_build import compare_all

MODEL = "models/resnet8_int8/pretrainedResnet_quant.tflite"


def main() -> None:
    """Print the figures as one JSON object."""
    data = shared_root() / "data"
    pixels, labels = images(data / ARCHIVE)
    model = load_tflite(data / MODEL)
    started = time.perf_counter()
    values = golden.run(model, golden.preprocess(model, pixels))
    seconds = time.perf_counter() - started
    top = values[model.outputs[0]].reshape(len(labels), -1).argmax(axis=1)
    figures: dict[str, object] = {
        "frames": len(labels),
        "golden_seconds": round(seconds, 2),
        "accuracy": float((top == labels).mean()),
    }
    if "--no-litert" not in sys.argv:
        frames = (pixels.astype(np.int16) - 128).astype(np.int8)
        _, compared = compare_all(data / MODEL, frames)
        figures |= {"litert_codes_compared": compared, "equal": True}
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
