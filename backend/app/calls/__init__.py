"""Call records: legs, turns, tool calls, how a call ended."""
