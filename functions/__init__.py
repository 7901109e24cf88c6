"""One file for each deployed trigger; no logic here, only the way in."""
