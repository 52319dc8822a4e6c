"""The modes for sensitive messages, and their descriptions (constants; decision 059)."""

from __future__ import annotations

from typing import Literal, get_args

Mode = Literal["off", "each", "never-keep"]
"""What happens to a sensitive message. `off`: it is remembered and marked. `each`: it is remembered only after approval.
`never-keep`: it is answered but never kept. Passwords and keys are pending approval in every mode."""
MODES: tuple[Mode, ...] = get_args(Mode)
DEFAULT: Mode = "off"
IN_WORDS: dict[Mode, str] = {
    "off": "Sensitive messages are remembered and marked.",
    "each": "Sensitive messages are remembered only after approval.",
    "never-keep": "Sensitive messages are answered but never kept.",
}
"""The description of each mode that the person reads."""
CHOICES: dict[Mode, str] = {
    "off": "Remember and mark them",
    "each": "Ask me first",
    "never-keep": "Never keep them",
}
"""The name of each mode where the person chooses one."""
SECRETS = "Passwords, keys and card numbers always need approval."
