"""The verbs: settle, perform, intake, sweep, and the views. Core and ports only; nothing is built here."""
