"""The vendor's REST APIs, each under its product: /api, /verify, /lookups (twilio-google.md §4, §6.2)."""
