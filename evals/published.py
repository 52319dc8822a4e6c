"""Published figures to stand beside ours (arXiv 2604.13074): accuracy in percent on Persona-MME, by context and aspect."""

from __future__ import annotations

from typing import Literal

COLUMNS = (
    "Memory Recall",
    "Intent Inference",
    "Preference Recognition",
    "Behavioral Awareness",
    "Relationship Understanding",
    "Personalized Growth Modeling",
    "all",
)
"""`all` leaves alignment out."""
Row = tuple[str, tuple[float, ...]]
PERSONA_MME: dict[Literal["32k", "128k"], tuple[Row, ...]] = {
    "32k": (
        ("GPT-4o, full context", (86.99, 83.87, 63.12, 57.14, 71.30, 73.87, 72.35)),
        ("Qwen2.5-VL-7B, full context", (66.13, 66.85, 59.75, 59.24, 68.45, 70.69, 64.84)),
        ("InternVL3-8B, full context", (56.45, 76.24, 57.20, 54.35, 69.05, 74.14, 64.04)),
        ("InternVL3-38B, full context", (66.67, 85.64, 66.53, 59.78, 72.02, 77.59, 71.04)),
        ("Qwen2.5-VL-7B, top-5 messages", (65.05, 68.51, 50.42, 57.61, 60.71, 68.39, 61.20)),
        ("PersonaVLM (SFT)", (67.20, 70.17, 49.58, 57.07, 70.24, 80.46, 64.84)),
        ("PersonaVLM (RL)", (69.89, 76.80, 58.05, 69.02, 73.21, 86.78, 71.48)),
    ),
    "128k": (
        ("GPT-4o, full context", (84.44, 75.63, 59.12, 55.65, 65.98, 76.64, 69.23)),
        ("Qwen2.5-VL-7B, full context", (50.60, 54.73, 52.41, 54.30, 55.83, 60.90, 54.48)),
        ("InternVL3-8B, full context", (57.23, 68.92, 53.48, 54.97, 69.17, 76.69, 62.43)),
        ("InternVL3-38B, full context", (67.47, 71.62, 64.71, 58.94, 65.00, 76.69, 67.18)),
        ("Qwen2.5-VL-7B, top-5 messages", (56.63, 63.51, 50.27, 55.63, 61.67, 70.68, 59.01)),
        ("PersonaVLM (SFT)", (67.47, 75.68, 59.36, 51.66, 71.67, 81.95, 67.18)),
        ("PersonaVLM (RL)", (69.28, 77.70, 61.50, 60.26, 75.00, 87.97, 71.05)),
    ),
}
PERSONAMEM: tuple[Row, ...] = (
    ("GPT-4o, full context", (39.20,)),
    ("Qwen2.5-VL-7B, full context", (43.63,)),
    ("InternVL3-8B, full context", (52.97,)),
    ("InternVL3-38B, full context", (57.93,)),
    ("Qwen2.5-VL-7B, top-5 messages", (45.67,)),
    ("PersonaVLM (SFT)", (52.12,)),
    ("PersonaVLM (RL)", (56.53,)),
)
"""At 32k, over all questions."""
