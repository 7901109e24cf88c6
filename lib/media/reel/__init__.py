"""Reels: a camera over a ground, words and captions laid over it, encoded as it is composed."""
