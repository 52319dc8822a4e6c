"""Chat models: where they come from, which servers run here, and calls that survive slow or odd servers."""

__all__ = [
    "background_fetch",
    "catalogue",
    "chat",
    "chat_model",
    "first_models",
    "local_servers",
    "model_server",
    "serving",
    "transfer",
    "trial",
    "weights",
]
