"""The HTTP and WebSocket edge, nothing else."""
