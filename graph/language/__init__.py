"""Rules that read a message: its language, its sentences, what it asks and what was pasted."""
