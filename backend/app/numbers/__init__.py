"""Phone numbers and the assistants that answer them."""
