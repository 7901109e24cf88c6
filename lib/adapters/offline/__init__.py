"""Stand-ins that need no network and no account, good enough to publish with."""
