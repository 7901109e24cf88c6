"""Files that mean harm: what each is, and what must become of it."""
