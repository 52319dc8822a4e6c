"""A model that transformers loads from a folder, as a chat model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from pydantic import PrivateAttr
from transformers import AutoModelForImageTextToText, AutoProcessor

from training.data.chat_messages import chat_of


class Loaded(BaseChatModel):
    """Writes greedily."""

    _model: Any = PrivateAttr()
    _tool: Any = PrivateAttr()

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._model = AutoModelForImageTextToText.from_pretrained(folder)
        self._tool = AutoProcessor.from_pretrained(folder)

    @property
    def _llm_type(self) -> str:
        return "loaded"

    def _generate(self, messages: list[BaseMessage], *_: Any, **__: Any) -> ChatResult:
        text = self._tool.apply_chat_template(chat_of(messages), tokenize=False, add_generation_prompt=True)
        given = self._tool.tokenizer(text, return_tensors="pt")
        with torch.no_grad():
            ids = self._model.generate(**given, max_new_tokens=60, do_sample=False)[0, given["input_ids"].shape[1] :]
        return ChatResult(
            generations=[ChatGeneration(message=AIMessage(self._tool.tokenizer.decode(ids, skip_special_tokens=True)))]
        )
