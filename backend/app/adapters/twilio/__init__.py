"""Twilio: webhooks, TwiML, media streams, REST."""
