"""Reads ChatGPT's data export, of 2023 to 2026.

What is known of it: lists of conversations in `conversations.json`, in newer exports in `conversations-000.json`, `-001` and so
on. A conversation is a `mapping` of nodes with a `current_node`, the last message that was seen. The newest nodes have `id`,
`message` and `parent` alone, so every other key may be missing. Pictures are files whose names begin with the id that a message
points to; in the newest exports all of them end in `.dat`, and `conversation_asset_file_names.json` says what they were called.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, tzinfo
from typing import Any

from app.importers import fields, json_members, json_stream
from app.importers.assembly import conversation_parts, place_of, title_of
from app.importers.assets import Assets
from app.importers.conversations import Choices, Conversation, LeftOut
from app.importers.formats.chatgpt_message import Reader
from app.importers.paths import Node, newest_leaf, path_to
from app.importers.sources import Source
from app.importers.stamps import moment
from memory.core import clock
from memory.core.errors import InvalidInput

NAME = "chatgpt"
LABEL = "ChatGPT"

_MAPPING = re.compile(rb'"mapping"\s*:\s*[{\[]')
_CURRENT_OR_AUTHOR = re.compile(rb'"(?:current_node|author)"\s*:')
_ASSET_NAMES = "conversation_asset_file_names.json"


def recognises(source: Source) -> bool:
    """Return whether a source has a list of ChatGPT's conversations, or a single one."""
    return json_members.has_member(source, _fits)


def read(source: Source, choices: Choices, left_out: LeftOut) -> Iterator[Conversation]:
    """Yield the conversations, each on the path that was last seen.

    Args:
        source: The export, or one of its lists of conversations.
        choices: What the person said about it.
        left_out: Counts what is left out.

    Raises:
        InvalidInput: There is no list of conversations, or one is cut or broken.
    """
    zone = clock.zone_of(choices.zone)
    assets = Assets(source, _asset_names(source, left_out))
    names = json_members.histories(source, _fits, left_out, LABEL)
    for number, value in json_members.conversations(source, names, left_out):
        yield from _conversation(value, number, zone, assets, left_out)


def _fits(_name: str, head: bytes) -> bool:
    return bool(_MAPPING.search(head) and _CURRENT_OR_AUTHOR.search(head))


def _asset_names(source: Source, left_out: LeftOut) -> dict[str, str]:
    """Return what the files of the newest exports were called."""
    names: dict[str, str] = {}
    for member in source.names():
        if member.rsplit("/", 1)[-1] != _ASSET_NAMES:
            continue
        try:
            with source.open(member) as stream:
                value = json_stream.whole(stream)
        except InvalidInput as error:
            left_out.add("names of files that cannot be read", f"{member} ({error.message})")
            continue
        if isinstance(value, dict):
            names.update((key, shown) for key, shown in value.items() if isinstance(shown, str))
    return names


def _conversation(value: Any, number: int, zone: tzinfo, assets: Assets, left_out: LeftOut) -> Iterator[Conversation]:
    title = title_of(fields.at(value, "title"))
    place = place_of(number, title)
    nodes = _nodes(fields.at(value, "mapping"))
    if not nodes:
        left_out.add("conversations without messages", f"{place}, key mapping")
        return
    if value.get("is_do_not_remember"):
        left_out.add("conversations marked not to be remembered", place)
        return
    reader = Reader(assets, zone, left_out, place)
    path = _last_seen(value.get("current_node"), nodes, zone)
    drafts = [draft for name in path if (draft := reader.draft(fields.at(nodes[name], "message")))]
    seen = set(path)
    if others := sum(_is_said(node) for name, node in nodes.items() if name not in seen):
        left_out.add("messages of branches that were not seen last", place, others)
    yield from conversation_parts(
        fields.words(value.get("conversation_id")) or fields.words(value.get("id")) or place,
        title,
        drafts,
        began=_began(value, zone),
        place=place,
        left_out=left_out,
    )


def _began(value: dict[str, Any], zone: tzinfo) -> datetime | None:
    return moment(value.get("create_time"), zone) or moment(value.get("update_time"), zone)


def _nodes(mapping: Any) -> dict[str, Any]:
    """Return the nodes by id; a list of nodes is taken as well."""
    if isinstance(mapping, dict):
        return mapping
    return {name: node for node in fields.listed(mapping) if (name := fields.words(fields.at(node, "id")))}


def _last_seen(current: Any, nodes: dict[str, Any], zone: tzinfo) -> list[str]:
    """Return the ids on the path to the current node; without one, to the newest leaf."""
    above = {
        child: name
        for name, node in nodes.items()
        for child in fields.listed(fields.at(node, "children"))
        if isinstance(child, str)
    }
    tree = {
        name: Node(
            parent=parent if isinstance(parent := fields.at(node, "parent"), str) else above.get(name),
            time=moment(fields.at(node, "message", "create_time"), zone),
        )
        for name, node in nodes.items()
    }
    leaf = current if isinstance(current, str) and current in tree else newest_leaf(tree)
    return path_to(leaf, tree) if leaf is not None else []


def _is_said(node: Any) -> bool:
    """Return whether a node is something that the person or the assistant said."""
    return fields.at(node, "message", "author", "role") in ("user", "assistant")
