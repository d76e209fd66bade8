"""The register on pages: sources, publishers, entrances, and the purposes they serve."""
