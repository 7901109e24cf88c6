"""People's films: brought into one form, reframed, and joined by copying."""
