"""Training data: samples for SFT, questions for GRPO, both from files or from the journal."""

__all__ = ["chat_messages", "from_journal", "histories", "journal_questions", "lessons", "measure", "questions", "sft_data"]
