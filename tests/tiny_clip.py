"""A CLIP of twelve megabytes that knows drawn shapes and their colours: real open_clip, trained in a minute, for tests alone.

Run as a program it says how well it finds drawings and combinations that it never saw: `python -m tests.tiny_clip`.
"""

from __future__ import annotations

import hashlib
import json
import math
import random
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from evals.components.pictures import Pair, measure
from memory.photos.clip import WORDS_FILE, ClipEmbedder

COLOURS = {
    "red": (220, 30, 30), "green": (30, 160, 50), "blue": (40, 70, 220), "yellow": (240, 220, 40),
    "black": (15, 15, 15), "white": (245, 245, 245), "purple": (140, 40, 170), "orange": (245, 140, 20),
}  # fmt: skip
SHAPES = ("circle", "square", "triangle", "star", "cross", "ring")
COMBINATIONS = [(colour, shape) for colour in COLOURS for shape in SHAPES]
UNSEEN = [(colour, SHAPES[number % len(SHAPES)]) for number, colour in enumerate(COLOURS)]
"""One shape of each colour is never shown in training."""
SEEN = [pair for pair in COMBINATIONS if pair not in UNSEEN]
_TEMPLATES = ("a {} {}", "{} {}", "a photo of a {} {}", "the {} {}", "my {} {}")
_OF_COLOUR, _OF_SHAPE = ("{}", "something {}", "a {} thing"), ("a {}", "the {}", "a photo of a {}")
_SIZE = 48
GALLERIES = range(1, 21)
"""Seeds of the galleries that it is tried on."""
_STEPS = 650
_DRAWINGS = 60
"""Of each combination."""
_NAMELESS = 4
"""Drawings of each shape a step in colours that have no name: a shape is then no matter of its colour."""
_NEAR = 110
"""Distance of two colours that are taken for one, in RGB."""
CONFIG = {
    "model_cfg": {
        "embed_dim": 64,
        "vision_cfg": {"image_size": _SIZE, "layers": [1, 1, 1, 1], "width": 16, "head_width": 32},
        "text_cfg": {"context_length": 12, "vocab_size": 49_408, "width": 32, "heads": 2, "layers": 2},
    },
    "preprocess_cfg": {"mean": [0.5, 0.5, 0.5], "std": [0.25, 0.25, 0.25], "interpolation": "bicubic", "resize_mode": "squash"},
}


def drawn(colour: str, shape: str, rng: random.Random) -> Image.Image:
    """Draw a shape in a named colour somewhere, turned and shaded somehow, on grey of some kind."""
    return _drawn(COLOURS[colour], shape, rng)


def _nameless(shape: str, rng: random.Random) -> tuple[int, int, int]:
    """Choose any colour but one near those in which this shape is never shown."""
    never = [COLOURS[colour] for colour, of in UNSEEN if of == shape]
    while True:
        chosen = (rng.randint(0, 255), rng.randint(0, 255), rng.randint(0, 255))
        if all(math.dist(chosen, one) > _NEAR for one in never):
            return chosen


def _drawn(colour: tuple[int, int, int], shape: str, rng: random.Random, size: int = 96) -> Image.Image:
    grey = rng.randint(90, 190)
    image = Image.new("RGB", (size, size), (grey, grey, grey + rng.randint(-12, 12)))
    radius = size * rng.uniform(0.26, 0.42)
    x, y = (rng.uniform(radius, size - radius) for _ in range(2))
    turn = rng.uniform(0, 2 * math.pi)
    fill = tuple(max(0, min(255, value + rng.randint(-18, 18))) for value in colour)
    draw = ImageDraw.Draw(image)

    def around(count: int, *radii: float) -> list[tuple[float, float]]:
        angles = [turn + 2 * math.pi * n / count for n in range(count)]
        return [
            (x + math.cos(a) * radii[n % len(radii)], y + math.sin(a) * radii[n % len(radii)]) for n, a in enumerate(angles)
        ]

    match shape:
        case "circle":
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill)
        case "ring":
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), outline=fill, width=max(3, int(radius / 3.2)))
        case "square":
            draw.polygon(around(4, radius), fill)
        case "triangle":
            draw.polygon(around(3, radius), fill)
        case "star":
            draw.polygon(around(10, radius, radius * 0.42), fill)
        case _:
            for angle in (turn, turn + math.pi / 2):
                dx, dy = math.cos(angle) * radius, math.sin(angle) * radius
                draw.line((x - dx, y - dy, x + dx, y + dy), fill, max(4, int(radius / 2.4)))
    return image


def train(folder: Path, seed: int = 0) -> Path:
    """Train the model and write it down as open_clip's own folder; returns the folder."""
    import open_clip
    import torch
    from open_clip.transform import PreprocessCfg, image_transform_v2
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    (folder / "open_clip_config.json").write_text(json.dumps(CONFIG))
    torch.manual_seed(seed)
    rng = random.Random(seed)
    model = open_clip.CLIP(**_model_arguments())
    prepare = image_transform_v2(PreprocessCfg(size=_SIZE, **CONFIG["preprocess_cfg"]), is_train=False)
    tokenize = open_clip.get_tokenizer(f"local-dir:{folder}")
    drawings = {pair: torch.stack([prepare(drawn(*pair, rng)) for _ in range(_DRAWINGS)]) for pair in SEEN}
    nameless = [
        torch.stack([prepare(_drawn(_nameless(shape, rng), shape, rng)) for _ in range(4 * _DRAWINGS)]) for shape in SHAPES
    ]
    colours, shapes = list(COLOURS), list(SHAPES)
    texts = [tokenize([template.format(*pair) for template in _TEMPLATES]) for pair in SEEN]
    texts += [tokenize([template.format(colour) for template in _OF_COLOUR]) for colour in colours]
    texts += [tokenize([template.format(shape) for template in _OF_SHAPE]) for shape in shapes]
    parts = [len(SEEN), len(colours), len(shapes)]
    of_colour = torch.tensor([colours.index(colour) for colour, _ in SEEN])
    of_shape = torch.tensor([shapes.index(shape) for _, shape in SEEN])
    of_any = torch.arange(len(shapes)).repeat_interleave(_NAMELESS)
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, total_steps=_STEPS, pct_start=0.1)
    target = torch.arange(len(SEEN))
    for _ in range(_STEPS):
        # Every combination once, so that no two of a batch belong together.
        images = torch.stack(
            [drawings[pair][rng.randrange(_DRAWINGS)] for pair in SEEN]
            + [drawings_of[rng.randrange(len(drawings_of))] for drawings_of in nameless for _ in range(_NAMELESS)]
        )
        words = torch.stack([ways[rng.randrange(len(ways))] for ways in texts])
        scale = model.logit_scale.exp()
        seen, of_no_name = model.encode_image(images, normalize=True).split([len(SEEN), len(of_any)])
        said, of_colours, of_shapes = model.encode_text(words, normalize=True).split(parts)
        whole, colour, shape = (scale * seen @ texts_of.T for texts_of in (said, of_colours, of_shapes))
        loss = sum(
            torch.nn.functional.cross_entropy(logits, wanted)
            for logits, wanted in (
                (whole, target), (whole.T, target), (colour, of_colour), (shape, of_shape),
                (scale * of_no_name @ of_shapes.T, of_any),
            )
        )  # fmt: skip
        # What was never drawn together is put together from both: words for a combination lie between those for its parts.
        between = torch.nn.functional.normalize(of_colours[of_colour] + of_shapes[of_shape], dim=-1)
        loss = loss + 4.0 * (1.0 - (said * between).sum(dim=-1)).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        with torch.no_grad():
            model.logit_scale.clamp_(0, math.log(100))
    save_file({name: value.contiguous() for name, value in model.state_dict().items()}, folder / "open_clip_model.safetensors")
    embedder = ClipEmbedder(str(folder), "tiny")
    embedder.keep_threshold(measure(embedder, gallery(seed + 1, SEEN))["threshold"])
    return folder


def gallery(seed: int, pairs: Sequence[tuple[str, str]] = COMBINATIONS) -> list[Pair]:
    """Draw a new picture of each combination, with its words."""
    rng = random.Random(seed)
    return [Pair(drawn(*pair, rng), f"a {pair[0]} {pair[1]}") for pair in pairs]


def recall_at_1(embedder: ClipEmbedder, pairs: Sequence[tuple[str, str]], galleries: Sequence[int]) -> list[float]:
    """Say for each gallery how often these combinations find their words among those of all, and words their drawing."""
    places = [COMBINATIONS.index(pair) for pair in pairs]
    scores = []
    for seed in galleries:
        shown = gallery(seed)
        cosines = embedder.pictures([pair.image for pair in shown]) @ embedder.words([pair.text for pair in shown]).T
        hits = [row[place].argmax() == place for row in (cosines, cosines.T) for place in places]
        scores.append(sum(hits) / len(hits))
    return scores


def cached(root: Path) -> Path:
    """Return the folder of the trained model, trained where there is none of this very program."""
    name = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:16]
    folder = root / f"tiny-clip-{name}"
    if not (folder / WORDS_FILE).exists():
        train(folder)
    return folder


def _model_arguments() -> dict[str, object]:
    config = CONFIG["model_cfg"]
    return {"embed_dim": config["embed_dim"], "vision_cfg": config["vision_cfg"], "text_cfg": config["text_cfg"]}


def main() -> None:
    """Train and measure."""
    import tempfile

    with tempfile.TemporaryDirectory(prefix="tiny-clip-") as place:
        started = time.perf_counter()
        folder = train(Path(place))
        print(
            f"trained in {time.perf_counter() - started:.0f} s, {sum(p.stat().st_size for p in folder.iterdir()) / 1e6:.1f} MB"
        )
        embedder = ClipEmbedder(str(folder), "tiny")
        for name, pairs in (("combinations seen in training", SEEN), ("never seen", UNSEEN)):
            scores = recall_at_1(embedder, pairs, GALLERIES)
            print(f"{name}: recall@1 on new drawings {np.mean(scores):.3f} (lowest of 20 galleries {min(scores):.3f})")
        print(f"words from a cosine of {embedder.words_threshold:.2f} on")


if __name__ == "__main__":
    main()
