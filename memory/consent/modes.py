"""The modes for sensitive messages, and their descriptions (constants; decision 059)."""

from __future__ import annotations

from typing import Literal, get_args

Mode = Literal["off", "each", "never-keep"]
"""What happens to a sensitive message. `off`: it is remembered and marked. `each`: the person is asked before it is remembered.
`never-keep`: it is answered and not kept. Passwords and keys are pending approval in every mode."""
MODES: tuple[Mode, ...] = get_args(Mode)
DEFAULT: Mode = "off"
IN_WORDS: dict[Mode, str] = {
    "off": "Sensitive messages are remembered and marked.",
    "each": "Sensitive messages are only remembered after approval.",
    "never-keep": "Sensitive messages are answered off the record and not saved.",
}
"""The description of each mode that the person reads."""
SECRETS = "Passwords, keys and card numbers always need approval."
