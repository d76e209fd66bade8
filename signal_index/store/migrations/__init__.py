"""The schema's history: one script per step, up and down, run from the installed package."""
