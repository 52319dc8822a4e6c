"""Everything that a model is told: texts, examples, sections with their token budgets."""
