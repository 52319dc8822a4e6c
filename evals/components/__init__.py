"""Measures one component: retrieval and its weights, graph nodes, PEM, facts, sensitive messages, pictures."""
