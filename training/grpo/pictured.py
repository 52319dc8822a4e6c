"""TRL's GRPO trainer for questions of which only some have images."""

from __future__ import annotations

from typing import Any

import torch
from trl import GRPOTrainer

_IMAGE_FIELDS = (
    "pixel_values", "image_grid_thw", "num_images", "pixel_attention_mask", "spatial_shapes", "num_tiles", "image_sizes",
    "image_position_ids",
)  # fmt: skip


class PicturedTrainer(GRPOTrainer):
    """Scores rollouts without images apart from the others, and without image fields.

    TRL 1.16 would pass the model empty pixels for them, and Qwen2.5-VL fails on those.
    """

    def _get_per_token_logps_and_entropies(
        self,
        model: Any,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor,
        logits_to_keep: int,
        batch_size: int | None = None,
        **fields: Any,
    ) -> Any:
        score = super()._get_per_token_logps_and_entropies
        counts = fields.get("num_images")
        if not counts or all(counts):
            return score(model, input_ids, attention_mask, logits_to_keep, batch_size, **fields)
        size = batch_size or len(counts)
        # The same number of calls whatever the images: on several devices all must make the same calls.
        parts = [
            score(model, input_ids[start:end], attention_mask[start:end], logits_to_keep, **part(fields, start, end))
            for start, end in ((start, min(start + size, len(counts))) for start in range(0, len(counts), size))
        ]
        logs, entropies, aux = zip(*parts, strict=True)
        return (
            torch.cat(logs),
            None if entropies[0] is None else torch.cat(entropies),
            None if aux[0] is None else torch.stack(aux).mean(),
        )


def part(fields: dict[str, Any], start: int, end: int) -> dict[str, Any]:
    """Return the fields of some rows of a batch; without image fields if none of the rows has an image.

    Args:
        fields: TRL's fields of a batch: one row each, or (pixels, grids) one after another by `num_images`.
        start: The first row.
        end: The row after the last.
    """
    counts: list[int] = fields["num_images"]
    first, last = sum(counts[:start]), sum(counts[:end])
    cut: dict[str, Any] = {}
    for name, value in fields.items():
        if name in _IMAGE_FIELDS and first == last:
            continue
        match name:
            case "image_grid_thw" | "image_sizes" | "image_position_ids" if value is not None:
                cut[name] = value[first:last]
            case "pixel_values" if value is not None and fields.get("image_grid_thw") is not None:
                patches = [0, *fields["image_grid_thw"].prod(dim=-1).cumsum(0).tolist()]
                cut[name] = value[patches[first] : patches[last]]
            case "pixel_values" if value is not None and value.size(0) == sum(counts):
                cut[name] = value[first:last]
            case _:
                rows = isinstance(value, (torch.Tensor, list)) and len(value) == len(counts)
                cut[name] = value[start:end] if rows else value
    return cut
