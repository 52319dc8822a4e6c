"""Many people at once, through the real model client and the real embedder; prints what happened as JSON."""

from __future__ import annotations

import json
import random
import re
import sys
import threading
import time
from collections import deque
from datetime import datetime, timedelta, timezone
from pathlib import Path

from app.events import Answered
from app.factory import build_embedder
from app.models.model_server import ModelServer
from app.service import PersonaService
from app.settings import Settings
from memory.memory import Memory
from tests.fake_server import fake_server

DELAY_S = 0.2
CANARY = re.compile(r"canary\d{3}x")
LOOKS_FOR = "what is kept"
TRAITS = ("openness", "conscientiousness", "extraversion", "agreeableness", "neuroticism")


def reply(body: dict) -> str:
    """Say every canary that stands in the prompt: what leaks in leaks on."""
    time.sleep(DELAY_S)
    said = str(body["messages"])
    seen = " ".join(sorted(set(CANARY.findall(said)))) or "nothing"
    if '"openness"' in said:
        return "\n".join(f'"{trait}": 4' for trait in TRAITS)
    if '"decision"' in said:
        return f'"reason": "told"\n"decision": true\n"content": "The user keeps {seen}."\n"keywords": "{seen}"'
    if "source_dialog_indices" in said:
        return f'"topic_summary": "About {seen}."\n"keywords": "{seen}"\n"source_dialog_indices": 0'
    if "<answer>" not in said:
        return f'"name": "{seen}"'
    may_look = "retrieve" in body.get("structured_outputs", {}).get("grammar", "")
    if may_look and "what of older days" in str(body["messages"][-1]) and LOOKS_FOR not in said:
        return f'<think>Look.</think>\n<retrieve>\n"keywords": "{LOOKS_FOR}"\n"start_time": null\n"end_time": null\n</retrieve>'
    return f"<think>Plain.</think>\n<answer>I know of {seen}.</answer>"


def main(folder: Path, people: int, turns: int) -> None:
    with fake_server() as server:
        server.reply = reply
        server.owner = "vllm"
        # What is measured is the program, and not what this server keeps of its requests.
        server.bodies = deque(maxlen=1)
        settings = Settings(llm_base_url=server.url)
        service = PersonaService(Memory(folder, build_embedder(settings)), ModelServer(settings), work=True)
        found: list[str] = []
        answered: dict[str, list[str]] = {}
        waits: list[float] = []

        def talk(number: int) -> None:
            user, mine = f"person{number}", f"canary{number:03}x"
            chance = random.Random(number)
            said = datetime(2026, 3, 1, 9, tzinfo=timezone(timedelta(hours=1)))
            for turn in range(turns):
                said += timedelta(minutes=chance.choice([3, 90]))
                text = f"Turn {turn}: I keep {mine} here." if turn % 2 == 0 else f"Turn {turn}: what of older days do I keep?"
                began = time.perf_counter()
                try:
                    for event in service.stream(user, text, time=said):
                        if isinstance(event, Answered):
                            waits.append(time.perf_counter() - began)
                            answered.setdefault(user, []).append(event.turn.text)
                            strange = set(CANARY.findall(event.turn.model_dump_json())) - {mine}
                            found.extend(f"{user} saw {one}" for one in strange)
                except Exception as error:
                    found.append(f"{user}, turn {turn}: {type(error).__name__}: {error}")

        threads = [threading.Thread(target=talk, args=(number,)) for number in range(people)]
        began = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        talked = time.perf_counter() - began
        service.wait()
        for number in range(people):
            user, mine = f"person{number}", f"canary{number:03}x"
            wanted = answered.get(user, [])
            kept = service.memory.journal.turns(user)
            if [turn.text for turn in kept] != wanted or len(wanted) != turns:
                found.append(f"{user}: {len(wanted)} answered, {len(kept)} kept, or out of order")
            if [turn.seq for turn in kept] != list(range(1, len(kept) + 1)):
                found.append(f"{user}: numbers out of order")
            if [point.turn_id for point in service.memory.personality.history(user)] != [turn.id for turn in kept]:
                found.append(f"{user}: remembered out of order")
            ids = {turn.id for turn in kept} | {one.id for one in service.memory.memories.entries(user)}
            for turn in kept:
                if turn.trace is None:
                    found.append(f"{user}, turn {turn.seq}: {turn.state.value}: {turn.error}")
                    continue
                shown = {name for one in turn.trace.memories for name in (one.id, *one.turn_ids)}
                if not shown <= ids:
                    found.append(f"{user}: a reply was shown what is not theirs")
            everything = " ".join(one.model_dump_json() for one in service.memory.memories.entries(user))
            found += [f"{user} keeps {one}" for one in set(CANARY.findall(everything)) - {mine}]
        service.close()
    # Not ru_maxrss: that begins with the size of the process that started this one.
    peak = int(re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[1]) / 1024
    waits.sort()
    figures = {"peak_mb": round(peak), "talked_s": round(talked, 1), "worked_s": round(time.perf_counter() - began, 1)}
    figures |= {"median_s": round(waits[len(waits) // 2], 2) if waits else None, "turns": len(waits)}
    print(json.dumps({"found": found, **figures}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
