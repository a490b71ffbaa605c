"""Twilio: webhooks, signatures, TwiML, the media stream and REST, translated to and from our words."""
