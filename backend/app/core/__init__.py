"""What every other part may use: settings, clock, ids, errors, phone numbers, logging."""
