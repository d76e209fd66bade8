"""The privacy officer's pages, on the surface for oversight; none of them can show a flag."""

from . import figures, log_health, looks, objections, openings, rules, searching, worklist

SECTIONS = (worklist, looks, openings, objections, searching, figures, rules, log_health)
