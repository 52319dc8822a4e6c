"""Whose memory a namespace of LangGraph's store is, and what in it (pure)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from memory.core.errors import InvalidInput

OWN = "persona"
"""The namespace of what the assistant itself remembers, besides the person's label: `("persona", KIND)`. It is read only."""


@dataclass(frozen=True)
class Place:
    """A namespace, or the beginning of several.

    Attributes:
        user_id: The person.
        labels: The labels besides the person's.
    """

    user_id: str
    labels: tuple[str, ...]

    @property
    def is_own(self) -> bool:
        """Whether it has only what the assistant itself remembers."""
        return self.labels[:1] == (OWN,)

    def holds(self, labels: Sequence[str]) -> bool:
        """Return whether a namespace, without the person's label, begins like this one."""
        return tuple(labels[: len(self.labels)]) == self.labels


@dataclass(frozen=True)
class Namespaces:
    """How namespaces name people.

    Attributes:
        user_id: The person to whom every namespace belongs; None: a label names the person.
        label: Which label that is, counted from 0.
    """

    user_id: str | None
    label: int = 0

    def place(self, namespace: Sequence[str]) -> Place:
        """Return the place of a namespace, or of the beginning of one.

        Raises:
            InvalidInput: It names no person.
        """
        labels = tuple(namespace)
        if self.user_id is not None:
            return Place(self.user_id, labels)
        if len(labels) <= self.label:
            raise InvalidInput(
                f"The namespace {labels} names no person: label {self.label} of a namespace is the person whose memory it is."
            )
        return Place(unquote(labels[self.label]), labels[: self.label] + labels[self.label + 1 :])

    def full(self, user_id: str, labels: Sequence[str]) -> tuple[str, ...]:
        """Return the namespace of a person's labels."""
        if self.user_id is not None:
            return tuple(labels)
        # LangGraph allows no period in a label.
        person = user_id.replace("%", "%25").replace(".", "%2E")
        return (*labels[: self.label], person, *labels[self.label :])
