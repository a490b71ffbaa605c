"""Messages for the owner."""
