"""Chat models: downloads, local servers, and calls that tolerate slow or unusual servers."""

__all__ = [
    "background_fetch",
    "catalogue",
    "chat",
    "chat_model",
    "first_models",
    "local_servers",
    "model_server",
    "server_url",
    "serving",
    "transfer",
    "trial",
    "weights",
]
