"""Running calls: the shell around the pure call session."""
