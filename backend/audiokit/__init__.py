"""Telephone audio without protocol words: G.711 mu-law, levels, resampling."""
