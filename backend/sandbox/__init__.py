"""The other side of every wire, offline: carrier and speech service; production never imports it."""
