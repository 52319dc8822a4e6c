#!/usr/bin/env bash
# Surprise: `SerializeToString()` of a protobuf message takes nearly four times the message's size on top of it: 90 MB of an ONNX model's weights,
# which are one long field each and could be copied as they are, take 340 MB more at the peak; what is returned is 90 MB.
# Seen with protobuf 6.33.6 (its upb backend), onnx 1.23.2, on Linux.
# What follows: count five times a model's size where a graph is made; keep large tensors outside it (external data) where that is too much.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet protobuf==6.33.6 onnx==1.23.2 numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import resource

import numpy as np
import onnx
from onnx import numpy_helper


def peak():
    """Return the most memory that this process had so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


model = onnx.ModelProto(ir_version=10)
for number in range(90):
    model.graph.initializer.append(numpy_helper.from_array(np.full(1 << 18, number, dtype=np.float32), str(number)))
before = peak()
size = len(model.SerializeToString()) / (1 << 20)
grown = peak() - before
print(f"the model {size:.0f} MB; the peak before {before:.0f} MB, and {grown:.0f} MB more after it was serialised")
assert grown > 2.5 * size
PYTHON
