"""Pages of workers and team leads about who knows a resident outside her work, and the form that objections share."""

from . import in_team, own

SECTIONS = (own, in_team)
