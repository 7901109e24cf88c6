"""Sound: loudness, mastering, music beds with their beats, and where somebody speaks."""
