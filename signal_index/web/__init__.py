"""The HTTP edge: three surfaces from one factory, run as separate processes in production (ADR-0007).

Sources, workers and oversight have a JSON interface. Workers also have pages, on the workers' surface: `pages` holds
what each does, `reception` decides who gets in and what an error looks like, `markup` writes the HTML (ADR-0011).
"""
