"""A projector file of random weights for SmolLM2-135M: llama.cpp takes pictures with it, and sees noise in them."""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np

_SIDE, _PATCH, _WIDE, _INNER, _LAYERS, _HEADS = 96, 16, 64, 128, 2, 2
_MODEL = 576
"""The width of SmolLM2-135M."""


def build(path: Path) -> Path:
    """Write it down as llama.cpp reads it: a small CLIP tower and a two-layer projection; returns the file."""
    rng = np.random.default_rng(0)
    writer = gguf.GGUFWriter(path, "clip")
    writer.add_type("mmproj")
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    writer.add_clip_has_vision_encoder(value=True)
    writer.add_clip_projector_type("mlp")
    writer.add_vision_projection_dim(_MODEL)
    writer.add_vision_image_size(_SIDE)
    writer.add_vision_patch_size(_PATCH)
    writer.add_vision_embedding_length(_WIDE)
    writer.add_vision_feed_forward_length(_INNER)
    writer.add_vision_block_count(_LAYERS)
    writer.add_vision_head_count(_HEADS)
    writer.add_vision_attention_layernorm_eps(1e-5)
    writer.add_vision_image_mean([0.5, 0.5, 0.5])
    writer.add_vision_image_std([0.5, 0.5, 0.5])
    writer.add_vision_use_gelu(value=True)

    def random(name: str, *shape: int) -> None:
        writer.add_tensor(name, rng.normal(0, 0.02, shape).astype(np.float32))

    def norm(name: str) -> None:
        writer.add_tensor(f"{name}.weight", np.ones(_WIDE, dtype=np.float32))
        writer.add_tensor(f"{name}.bias", np.zeros(_WIDE, dtype=np.float32))

    random("v.patch_embd.weight", _WIDE, 3, _PATCH, _PATCH)
    random("v.class_embd", _WIDE)
    random("v.position_embd.weight", (_SIDE // _PATCH) ** 2 + 1, _WIDE)
    norm("v.pre_ln")
    norm("v.post_ln")
    for layer in range(_LAYERS):
        for name in ("attn_q", "attn_k", "attn_v", "attn_out"):
            random(f"v.blk.{layer}.{name}.weight", _WIDE, _WIDE)
            random(f"v.blk.{layer}.{name}.bias", _WIDE)
        norm(f"v.blk.{layer}.ln1")
        norm(f"v.blk.{layer}.ln2")
        random(f"v.blk.{layer}.ffn_up.weight", _INNER, _WIDE)
        random(f"v.blk.{layer}.ffn_up.bias", _INNER)
        random(f"v.blk.{layer}.ffn_down.weight", _WIDE, _INNER)
        random(f"v.blk.{layer}.ffn_down.bias", _WIDE)
    random("mm.0.weight", _MODEL, _WIDE)
    random("mm.0.bias", _MODEL)
    random("mm.2.weight", _MODEL, _MODEL)
    random("mm.2.bias", _MODEL)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
