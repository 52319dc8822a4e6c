"""The detector's code on a real Grounding DINO, tiny and of random weights: what it finds means nothing, how it is said does."""

from __future__ import annotations

import pytest
import torch
from PIL import Image
from transformers import (
    BertConfig,
    BertTokenizerFast,
    GroundingDinoConfig,
    GroundingDinoForObjectDetection,
    GroundingDinoImageProcessor,
    GroundingDinoProcessor,
    SwinConfig,
)

from memory.photos.detector import ZeroShotDetector

pytestmark = pytest.mark.photos

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ".", "?", "mug", "dog", "lamp"]


@pytest.fixture(scope="module")
def detector(tmp_path_factory):
    folder = tmp_path_factory.mktemp("detector")
    torch.manual_seed(0)
    (folder / "vocab.txt").write_text("\n".join(WORDS))
    swin = SwinConfig(
        image_size=64, embed_dim=16, depths=[1, 1, 1, 1], num_heads=[1, 2, 2, 4], window_size=4,
        out_features=["stage2", "stage3", "stage4"],
    )  # fmt: skip
    text = BertConfig(vocab_size=len(WORDS), hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=64)
    config = GroundingDinoConfig(
        backbone_config=swin, text_config=text, d_model=32, num_queries=20, fusion_droppath=0.0,
        encoder_layers=1, encoder_ffn_dim=64, encoder_attention_heads=2,
        decoder_layers=2, decoder_ffn_dim=64, decoder_attention_heads=2,
    )  # fmt: skip
    GroundingDinoForObjectDetection(config).save_pretrained(folder)
    looks = GroundingDinoImageProcessor(size={"shortest_edge": 96, "longest_edge": 128})
    GroundingDinoProcessor(looks, BertTokenizerFast(str(folder / "vocab.txt"))).save_pretrained(folder)
    return ZeroShotDetector(str(folder))


@pytest.mark.parametrize("least", [0.0, 0.1, 0.5])
def test_what_it_finds_is_in_the_picture_and_surest_first(detector, least):
    found = detector.detect(Image.new("RGB", (200, 100), "red"), ["mug", "Dog", "mug"], least)
    assert found
    scores = [one.score for one in found]
    assert scores == sorted(scores, reverse=True)
    assert min(scores) >= least
    for one in found:
        left, top, right, bottom = one.box
        assert 0.0 <= left <= right <= 1.0
        assert 0.0 <= top <= bottom <= 1.0


def test_no_name_finds_nothing(detector):
    assert detector.detect(Image.new("RGB", (20, 10)), [" "], 0.0) == []
