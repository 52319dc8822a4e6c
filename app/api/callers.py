"""Who calls: the person whose memory a request may use, by API key, or on this machine alone by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

from fastapi import Request

from app.api.addresses import is_local
from memory.core.errors import PersonaError
from memory.core.validation import check_user

if TYPE_CHECKING:
    from memory.storage.api_keys import ApiKeys

DEFAULT_USER = "me"
"""The person on this machine, as the page and the command line call them."""
USER_HEADER = "x-openwebui-user-id"
"""The header in which a front end names its user; only for keys that trust it."""


class NotAllowed(PersonaError):
    """The request has no key, or one that is not valid."""

    code = "not_allowed"


@dataclass(frozen=True)
class Caller:
    """Who makes a request.

    Attributes:
        user_id: The person whose memory is used.
        key_id: The id of the key; empty without one, on this machine.
    """

    user_id: str
    key_id: str = ""

    @property
    def rate_key(self) -> str:
        """Return the name under which requests are counted."""
        return self.key_id or self.user_id


def caller_of(request: Request) -> Caller:
    """Return who makes a request (a FastAPI dependency of every route that uses a memory).

    With keys on the machine, a key decides. Without any, a request from this machine is the person that it names (query
    parameter `user`), or `me`; the chat routes also take the body's `user`.

    Raises:
        NotAllowed: There is no key, or it is wrong or revoked.
    """
    return caller_named(request, "")


def caller_named(request: Request, user: str) -> Caller:
    """Return who makes a request whose body names a person too; see `caller_of`."""
    keys: ApiKeys = request.app.state.service.memory.api_keys
    return identify(
        keys,
        authorization=request.headers.get("authorization", ""),
        named=request.query_params.get("user", "") or user,
        front_end_user=request.headers.get(USER_HEADER, ""),
        peer=request.client.host if request.client else "",
    )


def identify(keys: ApiKeys, *, authorization: str, named: str, front_end_user: str, peer: str) -> Caller:
    """Return who makes a request, from its parts; see `caller_of`.

    Args:
        keys: The keys of this machine.
        authorization: The header `Authorization`.
        named: The person that the request names.
        front_end_user: The user that a front end names.
        peer: The address of the other end of the connection.
    """
    scheme, _, secret = authorization.partition(" ")
    if scheme.lower() == "bearer" and (key := keys.find(secret.strip())):
        if key.trusts_headers and front_end_user:
            return Caller(check_user(f"{key.user}/{unquote(front_end_user)}"), key.id)
        return Caller(key.user, key.id)
    if keys.exist():
        raise NotAllowed(
            "This machine has API keys, and the request has no valid one. Send `Authorization: Bearer KEY`; "
            "`persona key create --user NAME` makes a key."
        )
    if not is_local(peer):
        raise NotAllowed(
            "Without a key, only programs on this machine may connect. `persona key create --user NAME` makes a key."
        )
    return Caller(check_user(named or DEFAULT_USER))
