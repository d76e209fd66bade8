"""The commands about rules, for whoever writes or approves them, and to explain a decision.

All but `explain` read nothing about a resident.
"""

import click

from .change import diff
from .explaining import explain
from .folder import lint, prove, show, try_cases
from .rulebook import approve, list_sets, propose, refuse


@click.group()
def rules() -> None:
    """Check, prove and compare sets of rules, show what they allow, and put one in force.

    FOLDER is a folder with rules, such as policy/rules; left out, it is the rules of this release.
    """


for _command in (lint, try_cases, prove, diff, show, propose, approve, refuse, list_sets, explain):
    rules.add_command(_command)
