"""Measures one component: retrieval and its weights, graph nodes, PEM, facts, forgetting, sensitive messages, pictures."""

__all__ = [
    "changes",
    "facts",
    "forgetting",
    "judge",
    "named_times",
    "node_figures",
    "peers",
    "pem",
    "pictures",
    "plain_search",
    "remembered",
    "retrieval",
    "review",
    "sensitive",
    "weights",
]
