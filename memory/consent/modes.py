"""What can be done with what is sensitive (values; decision 059)."""

from __future__ import annotations

from typing import Literal, get_args

Mode = Literal["off", "each", "never-keep"]
"""`off`: it is remembered, and marked. `each`: its person is asked before it is remembered. `never-keep`: it is answered off
the record. Secrets (passwords, keys) are asked about whatever is chosen."""
MODES: tuple[Mode, ...] = get_args(Mode)
DEFAULT: Mode = "off"
IN_WORDS: dict[Mode, str] = {
    "off": "Sensitive things are remembered, and marked.",
    "each": "Before something sensitive is remembered, the person is asked.",
    "never-keep": "Sensitive messages are answered off the record: nothing of them is kept.",
}
"""What each does, as its person reads it."""
SECRETS = "Passwords, keys and card numbers are always asked about."
