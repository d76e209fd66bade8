"""The functioneel beheerder's pages, on the surface for oversight: no flag, no case and no resident on any of them."""

from . import doors, purposes, removing, sources, steering, suppliers

SECTIONS = (sources, suppliers, doors, removing, purposes, steering)
