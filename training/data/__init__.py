"""Training data: samples for SFT, questions for GRPO, both from files or from the journal."""
