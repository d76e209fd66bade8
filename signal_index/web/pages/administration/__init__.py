"""The functioneel beheerder's pages, on the surface for oversight: no flag, no case and no resident on any of them."""

from . import rule_sets, start, steering
from .register import doors, purposes, removing, sources, suppliers
from .staff import changing, everybody, lists, proposals, stand_ins, teams

# A page with a fixed name comes before one with an identifier in its place.
SECTIONS = (
    start,
    lists,
    everybody,
    changing,
    proposals,
    teams,
    stand_ins,
    sources,
    suppliers,
    doors,
    removing,
    purposes,
    rule_sets,
    steering,
)
