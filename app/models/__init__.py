"""Chat models: where they come from, which servers run here, and calls that survive slow or odd servers."""
