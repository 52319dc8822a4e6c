"""Chat completions without the client library's types: a request goes out, and its pieces come in, as plain JSON.

The library walks every message of a request, and makes every piece of an answer an object, by its types: two thirds of the
processor time of a call (docs/decisions/028). What it does for the connection (retries, errors, the event stream) stays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from openai import OpenAI, Stream


class Untyped:
    """Stands where `client.chat.completions` stands.

    Args:
        client: The library's client.
    """

    def __init__(self, client: OpenAI) -> None:
        self._client = client

    def create(self, *, extra_body: dict[str, Any] | None = None, **body: Any) -> Stream[object]:
        """Ask for a completion as a stream of JSON objects.

        Args:
            extra_body: More fields of the body.
            **body: Its fields, `stream` among them.
        """
        from openai import Stream

        given = {**body, **(extra_body or {})}
        return self._client.post("/chat/completions", body=given, cast_to=object, stream=True, stream_cls=Stream[object])

    def whole(self, *, patience: float, extra_body: dict[str, Any] | None = None, **body: Any) -> dict[str, Any]:
        """Ask for a completion in one piece, in the shape of a stream's pieces.

        Args:
            patience: How many times longer than usual the server may be silent.
            extra_body: More fields of the body.
            **body: Its fields.
        """
        from openai import Timeout
        from openai._base_client import make_request_options

        given = {**body, **(extra_body or {})}
        limit = self._client.timeout
        if isinstance(limit, Timeout) and limit.read is not None:
            limit = Timeout(limit.read * patience, connect=limit.connect)
        options = make_request_options(timeout=limit)
        said: Any = self._client.post("/chat/completions", body=given, cast_to=object, options=options)
        return {**said, "choices": [{**choice, "delta": choice.get("message")} for choice in said.get("choices") or []]}

    def __getattr__(self, name: str) -> Any:
        """Leave everything else to the library."""
        return getattr(self._client.chat.completions, name)
