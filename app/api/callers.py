"""Who calls: the person whose memory a request may use, by API key, or on this machine alone by name."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

from fastapi import Request

from app.api.addresses import is_local
from memory.core.errors import InvalidInput, PersonaError, StorageError
from memory.core.validation import check_user

if TYPE_CHECKING:
    from memory.storage.api_keys import ApiKey, ApiKeys

DEFAULT_USER = "me"
"""The person on this machine, as the page and the command line call them."""
USER_HEADER = "X-OpenWebUI-User-Id"
"""The header in which a front end names its user; only for keys that trust it."""
_MAX_READERS = 100
KEY_IN_SCOPE = "persona.api_key"
"""Where the guard leaves the key of a request: the key is looked up once."""


class NotAllowed(PersonaError):
    """The request has no key, or one that is not valid."""

    code = "not_allowed"


class UserMissing(InvalidInput):
    """The key is for a front end with several users, and the request names none of them."""

    code = "user_missing"


@dataclass(frozen=True)
class Caller:
    """Who makes a request.

    Attributes:
        user_id: The person whose memory is used.
        key_id: The id of the key; empty without one, on this machine.
    """

    user_id: str
    key_id: str = ""


def valid_key(keys: ApiKeys, *, authorization: str, peer: str) -> ApiKey | None:
    """Return the key of a request; None if it needs none, because there are no keys and it comes from this machine.

    Args:
        keys: The keys of this machine.
        authorization: The header `Authorization`.
        peer: The address of the other end of the connection.

    Raises:
        NotAllowed: There is no key, or it is wrong or revoked.
    """
    scheme, _, secret = authorization.partition(" ")
    if scheme.lower() == "bearer" and (key := keys.find(secret.strip())):
        return key
    if keys.exist():
        raise NotAllowed(
            "This machine has API keys, and the request has no valid one. Send `Authorization: Bearer KEY`; "
            "`persona key create --user NAME` makes a key."
        )
    if not is_local(peer):
        raise NotAllowed(
            "Without a key, only programs on this machine may connect. `persona key create --user NAME` makes a key."
        )
    return None


class KnownReaders:
    """Lets those read the program's numbers who might read them before, while the journal with the keys does not answer.

    An operator needs the numbers most then, and they name nobody. No other route goes by this.

    Args:
        keys: The keys of this machine.
    """

    def __init__(self, keys: ApiKeys) -> None:
        self._keys = keys
        self._known: OrderedDict[tuple[str, bool], ApiKey | None] = OrderedDict()

    def key(self, *, authorization: str, peer: str) -> ApiKey | None:
        """Return the key of a request as `valid_key` does; without the journal, as it was the last time.

        Raises:
            NotAllowed: There is no key, or it is wrong or revoked.
            StorageError: The journal does not answer, and this caller was not let in before.
        """
        # Of a secret, a digest alone is kept.
        caller = hashlib.sha256(authorization.encode("utf-8", "surrogatepass")).hexdigest(), is_local(peer)
        try:
            found = valid_key(self._keys, authorization=authorization, peer=peer)
        except StorageError:
            if caller not in self._known:
                raise
            return self._known[caller]
        except NotAllowed:
            self._known.pop(caller, None)
            raise
        self._known[caller] = found
        while len(self._known) > _MAX_READERS:
            self._known.popitem(last=False)
        return found


def key_of(request: Request) -> ApiKey | None:
    """Return the key of a request that the guard let in; None on a machine without keys (a FastAPI dependency).

    For routes that use nobody's memory. A route that the guard does not protect fails here, and lets nobody in.
    """
    key: ApiKey | None = request.scope[KEY_IN_SCOPE]
    return key


def caller_of(request: Request) -> Caller:
    """Return who makes a request (a FastAPI dependency of every route that uses a memory).

    With keys on the machine, a key decides. Without any, a request from this machine is the person that it names (query
    parameter `user`), or `me`; the chat routes also take the body's `user`.

    Raises:
        UserMissing: The key trusts its front end, which names no user.
        InvalidInput: The name of the person is not valid.
    """
    return caller_named(request, "")


def caller_named(request: Request, user: str) -> Caller:
    """Return who makes a request whose body names a person too; see `caller_of`."""
    key = key_of(request)
    if key is None:
        return Caller(check_user(request.query_params.get("user", "") or user or DEFAULT_USER))
    if not key.trusts_headers:
        return Caller(key.user, key.id)
    try:
        named = unquote(request.headers.get(USER_HEADER, ""), errors="strict")
    except UnicodeDecodeError as error:
        # With replacements, two users could become one person.
        raise InvalidInput(f"The header {USER_HEADER} is not valid UTF-8.") from error
    if not named.strip():
        # One person for all requests without a name would mix up the memories of several people.
        raise UserMissing(
            f"This key is for a front end with several users, and the request has no header {USER_HEADER}. Start Open WebUI "
            "with ENABLE_FORWARD_USER_INFO_HEADERS=true, or use a key without --trust-user-headers."
        )
    return Caller(check_user(f"{key.user}/{named}"), key.id)
