"""Who is who in an export of Signal: its frames about the account, about people and groups, and about chats (pure)."""

from __future__ import annotations

from typing import Any

from app.importers import fields

_NOTES = "Note to Self"
_PLACEHOLDER = "\N{OBJECT REPLACEMENT CHARACTER}"
"""What stands in a text where someone is mentioned."""


def key_of(value: Any) -> str:
    """Return an id of an export, which is a number or its digits in a text; empty if there is none."""
    number = fields.whole_number(value)
    return "" if number is None else str(number)


class People:
    """What the frames of an export have said so far about people and chats.

    Attributes:
        me: The id of the person.
        notices: The ids of Signal's own announcements.
    """

    def __init__(self) -> None:
        self.me = ""
        self.notices: set[str] = set()
        self._own_name = ""
        self._names: dict[str, str] = {}
        self._by_account: dict[str, str] = {}
        self._chats: dict[str, str] = {}

    def learn(self, frame: dict[str, Any]) -> bool:
        """Take in a frame; return whether it was one about the account, a person, a group or a chat."""
        if isinstance(frame.get("account"), dict):
            self._own_name = _joined(frame["account"], "givenName", "familyName") or fields.words(
                frame["account"].get("username")
            )
            return True
        if isinstance(frame.get("recipient"), dict):
            self._learn_person(frame["recipient"])
            return True
        if isinstance(frame.get("chat"), dict):
            self._chats[key_of(frame["chat"].get("id"))] = key_of(frame["chat"].get("recipientId"))
            return True
        return False

    def _learn_person(self, recipient: dict[str, Any]) -> None:
        id_ = key_of(recipient.get("id"))
        if isinstance(recipient.get("self"), dict):
            self.me = id_
        elif isinstance(recipient.get("releaseNotes"), dict):
            self.notices.add(id_)
        contact = recipient.get("contact")
        self._names[id_] = _contact_name(contact) or fields.words(fields.at(recipient, "group", "snapshot", "title", "title"))
        account = fields.words(fields.at(contact, "aci"))
        if account:
            self._by_account[account] = self._names[id_]

    def name(self, id_: str) -> str:
        """Return the name of someone; empty if it is not known."""
        return self._own_name if id_ and id_ == self.me else self._names.get(id_, "")

    def title(self, chat: str) -> str:
        """Return the name of a chat: that of the group or of the other one."""
        with_whom = self._chats.get(chat, "")
        return _NOTES if with_whom and with_whom == self.me else self._names.get(with_whom, "")

    def with_mentions(self, text: str, ranges: Any) -> str:
        """Return a text with names where people are mentioned.

        Args:
            text: The text, with one placeholder for each mention.
            ranges: What the export says about parts of the text; places count in units of UTF-16.
        """
        if _PLACEHOLDER not in text:
            return text
        units = text.encode("utf-16-le", "surrogatepass")
        mentions = {
            fields.whole_number(fields.at(one, "start")) or 0: account
            for one in fields.listed(ranges)
            if (account := fields.words(fields.at(one, "mentionAci")))
        }
        for start, account in sorted(mentions.items(), reverse=True):
            if units[2 * start : 2 * start + 2].decode("utf-16-le", "replace") == _PLACEHOLDER:
                name = f"@{self._by_account.get(account) or self._own_name}"
                units = units[: 2 * start] + name.encode("utf-16-le", "surrogatepass") + units[2 * start + 2 :]
        return units.decode("utf-16-le", "replace")


def _contact_name(contact: Any) -> str:
    """Return a contact's name as Signal shows it: the person's own name for it first."""
    nickname = fields.at(contact, "nickname")
    number = key_of(fields.at(contact, "e164"))
    return (
        _joined(nickname, "given", "family")
        or _joined(contact, "systemGivenName", "systemFamilyName")
        or _joined(contact, "profileGivenName", "profileFamilyName")
        or fields.words(fields.at(contact, "username"))
        or (f"+{number}" if number else "")
    )


def _joined(value: Any, *keys: str) -> str:
    return " ".join(filter(None, (fields.words(fields.at(value, key)) for key in keys)))
