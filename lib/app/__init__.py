"""The verbs: settle, perform, intake, sweep, and the views; core and ports only."""
