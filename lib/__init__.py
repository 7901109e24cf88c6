"""Brandcast: one kernel, its ports, and the rooms around them. See DESIGN.md for the layer rule."""
