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

    def __getattr__(self, name: str) -> Any:
        """Leave everything else to the library."""
        return getattr(self._client.chat.completions, name)
