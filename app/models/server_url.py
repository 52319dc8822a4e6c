"""Corrects the URL of a model server that a person wrote, and builds the URLs of calls (pure functions)."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit, urlunsplit

from memory.core.loopback import is_loopback

_ENDS = re.compile(
    r"(?i)(?:/(?:chat/completions|completions|responses|messages|models|embeddings|chat)|/api/(?:chat|generate|tags|version|ps))/*$"
)
"""Matches the path of a call, which people copy from examples."""
_VERSIONED = re.compile(r"(?i)/v\d+[a-z0-9]*(?:/openai)?$")
_DEPLOYMENT = re.compile(r"(?i)/openai/deployments/([^/]+)")
_AZURE = (".openai.azure.com", ".cognitiveservices.azure.com", ".services.ai.azure.com")


def corrected(url: str) -> str:
    """Return a URL with a scheme and its query, but without surrounding spaces, quotation marks and the path of a call."""
    url = url.strip().strip("'\"<>`").strip()
    if not url:
        return ""
    if not re.match(r"(?i)[a-z][a-z0-9+.-]*://", url):
        url = f"{'http' if _is_local(url) else 'https'}://{url.lstrip('/')}"
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    path = re.sub(r"/{2,}", "/", parts.path).rstrip("/")
    while (shorter := _ENDS.sub("", path).rstrip("/")) != path:
        path = shorter
    return urlunsplit((parts.scheme.lower(), parts.netloc, path, parts.query, ""))


def is_address(url: str) -> bool:
    """Return whether a text is a URL that calls can use."""
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 0) >= 0
    except ValueError:
        return False


def bases(url: str) -> list[str]:
    """Return possible base URLs, most likely first: people omit the `/v1`, or write a path of the server itself."""
    url = corrected(url)
    parts = urlsplit(url)
    if _VERSIONED.search(parts.path) or deployment(url):
        return [url]
    if not parts.path:
        versioned = at(url, "openai/v1" if _is_azure(url) else "v1")
        return [versioned, url]
    return [url, at(url, "v1"), urlunsplit(parts._replace(path="/v1"))]


def at(base: str, path: str) -> str:
    """Return the URL of a call: the path is added before the query."""
    parts = urlsplit(base)
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{path}"))


def deployment(url: str) -> str:
    """Return the deployment named in an Azure OpenAI URL, or an empty text."""
    found = _DEPLOYMENT.search(urlsplit(url).path)
    return found[1] if found else ""


def key_header(url: str, key: str) -> dict[str, str]:
    """Return the header for a key; Azure has its own header for keys, and the usual one for tokens."""
    if key and not key.startswith("eyJ") and (_is_azure(url) or deployment(url) or "api-version=" in urlsplit(url).query):
        return {"api-key": key}
    return {"Authorization": f"Bearer {key}"} if key else {}


def _is_azure(url: str) -> bool:
    return (urlsplit(url).hostname or "").endswith(_AZURE)


def _is_local(url: str) -> bool:
    """Return whether a host without a scheme is on this machine or network, where TLS is rare."""
    if is_loopback(url):
        return True
    try:
        host = urlsplit(f"//{url.lstrip('/')}").hostname or ""
        return ipaddress.ip_address(host).is_private
    except ValueError:
        has_local_name = "." not in host or host.endswith((".local", ".lan", ".internal"))
        return has_local_name or re.match(r"[^/]+:(?!443\b)\d+", url) is not None
