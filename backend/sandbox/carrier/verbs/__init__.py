"""What each TwiML verb does to a leg."""
