"""Servers that stand in for Google's services in the tests, and what lets them misbehave."""
