"""Rules that analyse a message: its language, its sentences, its questions and what was pasted."""

__all__ = [
    "addressed",
    "language",
    "language_id",
    "message_kind",
    "pasted",
    "question_words",
    "statements",
    "third_person",
    "verbs",
    "whose",
]
