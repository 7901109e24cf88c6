"""Voices: a text spoken, when each word is heard, and a voice laid over music."""
