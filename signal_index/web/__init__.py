"""The HTTP edge: three surfaces from one factory, run as separate processes in production (ADR-0007)."""
