"""The embedded world: plain files and one SQLite file, with nothing to install or to start."""
