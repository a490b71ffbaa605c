"""Callers as scripts, run against the whole stack."""
