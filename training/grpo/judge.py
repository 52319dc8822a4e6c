"""The judge: any server with OpenAI's protocol, asked for a number."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any

from langchain_openai import ChatOpenAI
from pydantic import SecretStr
from tenacity import AsyncRetrying, RetryError, stop_after_attempt, wait_exponential_jitter

from memory.core.errors import InvalidInput
from memory.core.loopback import spare_from_proxies
from training.grpo.rewards import accuracy_prompt, consistency_prompt, score_of

if TYPE_CHECKING:
    from training.recipes import Judge

_MAX_TRIES = 3
_MAX_TOKENS = 16


class _NoNumberError(ValueError):
    """The judge wrote something other than a number."""


class JudgeClient:
    """Asks a judge; after three failures the result is None, and counted.

    Args:
        settings: Its URL and model.

    Attributes:
        asked: Judgements so far.
        failed: Judgements without a result.
        last_error: The last error.
    """

    def __init__(self, settings: Judge) -> None:
        key = os.environ.get(settings.key_from, "") if settings.key_from else "none"
        if not key:
            raise InvalidInput(f"judge.key_from: the environment variable {settings.key_from} is not set.")
        spare_from_proxies(settings.url)
        self._chat = ChatOpenAI(
            base_url=settings.url,
            model=settings.model,
            api_key=SecretStr(key),
            temperature=0.0,
            max_completion_tokens=_MAX_TOKENS,
            timeout=settings.timeout,
            max_retries=0,
            streaming=True,
        )
        self._most, self._timeout = settings.at_once, settings.timeout
        self._gate: tuple[asyncio.AbstractEventLoop, asyncio.Semaphore] | None = None
        self.asked = self.failed = 0
        self.last_error = ""

    async def __call__(self, text: str) -> float | None:
        """Return a score from 0 to 1; None after three failures."""
        self.asked += 1
        try:
            pause = wait_exponential_jitter(multiplier=0.1, max=2.0)
            async for attempt in AsyncRetrying(stop=stop_after_attempt(_MAX_TRIES), wait=pause):
                with attempt:
                    return await self._ask(text)
        except RetryError as error:
            self.failed += 1
            failure = error.last_attempt.exception()
            self.last_error = f"{str(failure).rstrip('.') or type(failure).__name__}."
        return None

    async def _ask(self, text: str) -> float:
        # A limit on the whole call: a server that trickles is never silent for long.
        async with self._semaphore(), asyncio.timeout(self._timeout):
            reply = await self._chat.ainvoke(text)
        score = score_of(reply.text)
        if score is None:
            raise _NoNumberError(f"it wrote {reply.text[:80]!r}, which is not a number")
        return score

    def _semaphore(self) -> asyncio.Semaphore:
        loop = asyncio.get_running_loop()
        if self._gate is None or self._gate[0] is not loop:
            self._gate = (loop, asyncio.Semaphore(self._most))
        return self._gate[1]


async def check(settings: Judge) -> list[dict[str, Any]]:
    """Ask the judge plain cases: a right answer, a wrong one, a thought that its answer follows from."""
    judge = JudgeClient(settings)
    question, thought = "What is my parrot called?", "Memory says that the parrot is called Zazu."
    asked = {
        "a right answer": (accuracy_prompt(question, "Your parrot is Zazu.", "Zazu"), "high"),
        "a wrong answer": (accuracy_prompt(question, "You have no parrot; your canary is Pip.", "Zazu"), "low"),
        "an answer that follows": (consistency_prompt(question, thought, "Zazu"), "high"),
    }
    found = [{"asked": name, "expected": hope, "scored": await judge(text)} for name, (text, hope) in asked.items()]
    if judge.failed == len(found):
        raise InvalidInput(f"The judge at {settings.url} does not answer: {judge.last_error} Check judge.url and judge.model.")
    return found
