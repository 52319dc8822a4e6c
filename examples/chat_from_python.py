"""Talk with the assistant from Python: stream a reply as typed events, and ask about it the next day.

It shows how to open a `PersonaService`, and what the events of a turn tell. The end of the `with` block closes the service,
which then says what is not in memory yet.
Run it from a checkout. It uses the model that your settings name, and a folder of its own:

    persona models pull
    python examples/chat_from_python.py
"""

from __future__ import annotations

from tempfile import TemporaryDirectory

from app.events import AnswerDelta, Answered, Recalled
from app.service import PersonaService
from app.settings import Settings

USER = "ada"


def say(service: PersonaService, text: str, time: str) -> None:
    """Send one message and print the reply while the model writes it."""
    print(f"\n[{time}] {text}")
    for event in service.stream(USER, text, time=time):
        match event:
            case Recalled(memories):
                for memory in memories:
                    print(f"  recalled: {memory.text}")
            case AnswerDelta(delta):
                print(delta, end="", flush=True)
            case Answered(turn):
                print(f"\n  saved as {turn.id}")


def main(service: PersonaService) -> None:
    """Tell the assistant something, and ask about it the next day."""
    say(service, "My sister Mara starts at the observatory in Jena on Monday.", "2026-03-07 18:30")
    # A search finds the turn at once. Facts and personality follow in the background; `service.wait(USER)` would wait for them.
    say(service, "Where does my sister Mara start on Monday?", "2026-03-08 09:00")


if __name__ == "__main__":
    with TemporaryDirectory() as folder, PersonaService.from_settings(Settings(data_dir=folder)) as chat:
        main(chat)
