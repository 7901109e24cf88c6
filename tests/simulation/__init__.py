"""The simulator: the real kernel and verbs over strict adapters in memory, where anything fails."""
