"""The carrier: REST, signed webhooks, TwiML, media streams."""
