"""The register of publishers, sources and entrances, as the functioneel beheerder reads it and changes it by entry."""
