"""Captions: timed words as cues, as files that players read, and as layers to burn in."""
