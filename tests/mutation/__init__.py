"""Mutation testing: change one thing in a module of ours, and ask whether a test notices.

    python -m tests.mutation --module lib.core.status

The mutator is our own, some two hundred lines over ``ast``: cosmic-ray writes each mutant into the
file on disk and starts a process for it, and here a mutant is put into a process that has the tests
collected already, so that it costs the tests it needs and no more.
"""
