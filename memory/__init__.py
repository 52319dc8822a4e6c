"""What is known about a person: the record (SQL), and how it is found (Chroma and full text)."""
