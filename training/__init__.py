"""Training of a model for the assistant: data, rewards, recipes."""
