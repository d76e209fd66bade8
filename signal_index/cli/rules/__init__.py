"""The commands about rules, for whoever writes or approves them, and to explain a decision.

All but `explain` read nothing about anybody.
"""

import click

from .change import diff
from .explaining import explain
from .folder import lint, prove, show, try_cases


@click.group()
def rules() -> None:
    """Check, prove and compare sets of rules, and show what they allow.

    FOLDER is a folder with rules, such as policy/rules; left out, it is the rules of this release.
    """


for _command in (lint, try_cases, prove, diff, show, explain):
    rules.add_command(_command)
