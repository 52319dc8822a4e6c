"""One of several processes on the same stores: says things as the same people as the others, and does what background work it may."""

from __future__ import annotations

import sys
from pathlib import Path

from app.service import PersonaService
from memory.core.errors import TimeOrderError
from memory.memory import Memory
from tests.fakes import ScriptedChat, ScriptedModels, WordEmbedder, answer, fact


def main(folder: str, database_url: str, chroma_url: str, me: str, count: int, *people: str) -> None:
    def remembered(prompt: str) -> str:
        return fact(f"The user said {prompt.rsplit('Message', 1)[1].split(maxsplit=1)[0]}.", "message")

    chat = ScriptedChat({"reasoning": answer("Good."), "semantic": remembered})
    memory = Memory(Path(folder), WordEmbedder(), database_url=database_url, chroma_url=chroma_url)
    with PersonaService(memory, ScriptedModels(chat), work=True) as service:
        for number in range(count):
            for user in people:
                try:
                    list(service.stream(user, f"Message {me}-{number}"))
                except TimeOrderError:
                    continue
        service.wait()


if __name__ == "__main__":
    folder, database_url, chroma_url, me, count, *people = sys.argv[1:]
    main(folder, database_url, chroma_url, me, int(count), *people)
