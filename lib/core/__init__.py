"""The pure kernel: plans, evidence, judgement. No clock, no I/O, no environment, no logging."""
