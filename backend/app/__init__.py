"""The production service: a phone receptionist and call screener."""
