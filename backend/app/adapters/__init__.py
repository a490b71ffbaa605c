"""Vendor protocols in our words."""
