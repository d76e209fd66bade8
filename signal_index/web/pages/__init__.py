"""The worker's pages: plain forms over the same use cases as the JSON, complete without JavaScript (ADR-0011)."""
