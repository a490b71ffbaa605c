"""Accounts, their members and keys."""
