#!/usr/bin/env bash
# Surprise: after onnxruntime's `quantize_dynamic(per_channel=True)` the result for one row depends on the other rows of its batch: the weights
# have a step for each channel, but the input has one for the whole tensor, so a row next to a larger one keeps fewer of its bits. Here the
# same row's error grows 16 times because another row is in the batch. (MiniLM in 8 bits: the vector of "ok" is at a cosine of 0.974 to the
# model's own alone, 0.959 in a batch.) `MatMulNBits` with `accuracy_level=4` has a step for each row and block: there it does not.
# Seen with onnxruntime 1.32.0, onnx 1.23.2, on a CPU.
# What follows: compare an 8-bit model with the one it is made of in the batches that it will see, or use operators with a step for each row.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet onnxruntime==1.32.0 onnx==1.23.2
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic

draw = np.random.default_rng(0)
weight = draw.normal(size=(128, 64)).astype(np.float32)
row = draw.normal(size=(1, 128)).astype(np.float32)
loud = 20 * draw.normal(size=(1, 128)).astype(np.float32)


def model(node, constants):
    graph = helper.make_graph(
        [node],
        "one",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["rows", 128])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["rows", 64])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    opsets = [helper.make_opsetid("", 20), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=10)


def error(path, rows):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return float(np.abs(session.run(None, {"x": rows})[0][0] - row[0] @ weight).max())


onnx.save(model(helper.make_node("MatMul", ["x", "w"], ["y"]), {"w": weight}), "whole.onnx")
quantize_dynamic("whole.onnx", "small.onnx", weight_type=QuantType.QInt8, per_channel=True)
step = np.abs(weight.T).max(axis=1, keepdims=True) / 127
packed = (np.rint(weight.T / step).astype(np.int16) + 128).astype(np.uint8).reshape(64, 1, 128)
how = {"K": 128, "N": 64, "bits": 8, "block_size": 128, "accuracy_level": 4}
node = helper.make_node("MatMulNBits", ["x", "w", "s"], ["y"], domain="com.microsoft", **how)
onnx.save(model(node, {"w": packed, "s": step.astype(np.float32)}), "blocks.onnx")
found = {name: (error(f"{name}.onnx", row), error(f"{name}.onnx", np.concatenate([row, loud]))) for name in ("whole", "small", "blocks")}
for name, (alone, together) in found.items():
    print(f"{name}: error of the row alone {alone:.4f}, beside a louder row {together:.4f}")
assert max(found["whole"]) < 1e-3
assert found["small"][1] > 5 * found["small"][0]
assert abs(found["blocks"][0] - found["blocks"][1]) < 1e-4
PYTHON
