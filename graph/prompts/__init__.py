"""Everything that a model is told: texts, examples, sections with their token budgets."""

__all__ = [
    "briefing",
    "budgets",
    "client_text",
    "coming_up",
    "compact",
    "data_text",
    "evidence_lines",
    "examples",
    "first_prompt",
    "fitting",
    "manner",
    "plain_replies",
    "recent_turns",
    "sections",
    "showing",
    "shown_replies",
    "texts",
]
