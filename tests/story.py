"""`make story`: three sessions over ten days with the embedded model, told as it happens. Fails if the dog's name is forgotten."""

from __future__ import annotations

import re
import sys
import tempfile
import time
from pathlib import Path

from app.events import AnswerDelta, Answered, Recalled, Retrieving, Thinking
from app.service import PersonaService
from app.settings import Settings
from memory.core.records import Turn

SESSIONS = {
    "first, told": [
        ("2026-03-02 18:00", "Hi, I'm Nora! I just adopted a dog, a beagle. His name is Biscuit."),
        ("2026-03-02 18:04", "I moved from Oslo to Lisbon last week. Everything here is new and I love exploring it."),
        ("2026-03-02 18:09", "By the way, I really don't like coriander."),
        ("2026-03-02 18:15", "Every Tuesday evening I go to my pottery class."),
    ],
    "second, changed": [
        ("2026-03-07 12:30", "Guess what: I tried coriander again, and now I love it!"),
    ],
    "third, asked": [
        ("2026-03-12 09:00", "What is my dog's name?"),
        ("2026-03-12 09:03", "Which city did I move to?"),
        ("2026-03-12 09:06", "Do I like coriander?"),
        ("2026-03-12 09:09", "What do I do on Tuesday evenings?"),
    ],
}
WANTED = {
    "What is my dog's name?": r"biscuit",
    "Which city did I move to?": r"lisbon",
    # Yes in either word, and no in neither.
    "Do I like coriander?": r"^(?!.*(n['’]t|not|dislike|hate)).*(love|like)",
    "What do I do on Tuesday evenings?": r"pottery",
}


def tell(service: PersonaService, when: str, text: str) -> Turn:
    """Say one thing and print what happens."""
    print(f"\n[{when}] Nora: {text}")
    started, first = time.perf_counter(), None
    for event in service.stream("nora", text, time=when):
        match event:
            case AnswerDelta():
                first = first or time.perf_counter() - started
            case Retrieving():
                print(f"    looks for {event.query!r} from {event.start_time or 'the beginning'} to {event.end_time or 'now'}")
            case Recalled():
                for memory in event.memories:
                    print(f"    recalls ({memory.kind}) {' '.join(memory.text.split())[:150]}")
            case Thinking():
                pass
            case Answered():
                turn = event.turn
    thoughts = " / ".join(step.think for step in turn.trace.steps)
    print(f"    thinks: {thoughts}")
    print(f"    Assistant: {turn.reply}")
    print(f"    (first word after {first or 0:.1f} s, whole after {time.perf_counter() - started:.1f} s)")
    return turn


def main() -> int:
    """Tell the story; returns the exit code."""
    settings = Settings(
        data_dir=Path(tempfile.mkdtemp(prefix="persona-story-")), llm_model="qwen2.5-coder-1.5b", llm_base_url=""
    )
    right = {}
    with PersonaService.from_settings(settings, work=False) as service:
        for title, messages in SESSIONS.items():
            print(f"\n=== The {title} ===")
            for when, text in messages:
                turn = tell(service, when, text)
                if text in WANTED:
                    right[text] = bool(re.search(WANTED[text], turn.reply, re.IGNORECASE | re.DOTALL))
            started = time.perf_counter()
            steps = service.wait("nora")
            print(f"\n    ({steps} background steps in {time.perf_counter() - started:.0f} s)")
        print("\n=== What is remembered ===")
        for entry in service.memory.memories.entries("nora"):
            fields = entry.model_dump(exclude={"id", "turn_id", "turn_ids", "photo_ids", "reason", "edited", "time", "session"})
            print(f"  {entry.time:%Y-%m-%d}  {type(entry).__name__}: {fields}")
        print("\n=== The personality curve (O C E A N) ===")
        for point in service.memory.personality.history("nora"):
            scores = " ".join(f"{score:.2f}" for _, score in point.scores.items())
            seen = " ".join(f"{score:.0f}" for _, score in point.inferred.items()) if point.inferred else "-"
            print(f"  {point.time:%Y-%m-%d %H:%M}  {scores}  (this turn: {seen})")
    print("\n=== Asked ten days later ===")
    for text, held in right.items():
        print(f"  {'right' if held else 'WRONG'}  {text}")
    if not right["What is my dog's name?"]:
        print("The dog's name was not in the reply.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
