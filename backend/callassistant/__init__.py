"""The command line: it starts the other packages as processes and is imported by none."""
