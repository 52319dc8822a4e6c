"""How a journal file came to have its tables, step by step."""
