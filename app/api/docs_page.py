"""The page `/docs`: every operation of the server, without a script from elsewhere (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

_STYLE = "body{font:16px/1.5 system-ui;max-width:52rem;margin:2rem auto;padding:0 1rem}dd{margin:0 0 1rem 1.5rem}"


def described(openapi: Mapping[str, Any]) -> str:
    """Return an HTML page of an OpenAPI description: each operation with its summary, parameters and answers."""
    by_tag: dict[str, list[str]] = {}
    for path, operations in openapi["paths"].items():
        for method, one in operations.items():
            by_tag.setdefault((one.get("tags") or ["other"])[0], []).append(_operation(method, path, one))
    parts = "".join(f"<h2>{escape(tag)}</h2><dl>{''.join(entries)}</dl>" for tag, entries in by_tag.items())
    title = escape(openapi["info"]["title"])
    about = escape(openapi["info"].get("description", ""))
    head = f'<meta charset="utf-8"><title>{title}</title><style>{_STYLE}</style>'
    intro = f'<h1>{title}</h1><p>{about} The whole description: <a href="openapi.json">openapi.json</a>.</p>'
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{intro}{parts}</body></html>'


def _operation(method: str, path: str, one: Mapping[str, Any]) -> str:
    lines = [escape(one.get("summary", "")), escape(one.get("description", ""))]
    named = [f"<code>{escape(each['name'])}</code> {escape(each.get('description', ''))}" for each in one.get("parameters", ())]
    lines += [f"Parameters: {'; '.join(named)}"] if named else []
    lines += [f"Answers: {', '.join(map(escape, one.get('responses', ())))}"]
    told = "<br>".join(line for line in lines if line)
    return f"<dt><code>{method.upper()} {escape(path)}</code></dt><dd>{told}</dd>"
