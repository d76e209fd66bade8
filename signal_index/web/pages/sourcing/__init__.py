"""The pages of the source organisation, on the surface for sources; none of them is about a person."""

from . import contacts, deliveries, key_requests, keys, questions, series, usage

SECTIONS = (series, deliveries, contacts, questions, keys, usage)
# Where a second person puts a key in force: the functioneel beheerder, on the surface for oversight.
DECIDING = (key_requests,)
