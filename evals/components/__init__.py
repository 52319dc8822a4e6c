"""Measures one component: retrieval and its weights, graph nodes, PEM, facts, sensitive messages, pictures."""

__all__ = [
    "changes",
    "facts",
    "node_figures",
    "pem",
    "pictures",
    "plain_search",
    "remembered",
    "retrieval",
    "review",
    "sensitive",
    "weights",
]
