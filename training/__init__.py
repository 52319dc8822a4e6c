"""Training a model for the assistant: data, rewards, recipes."""
