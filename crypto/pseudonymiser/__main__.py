"""`python -m crypto.pseudonymiser`: the service without the rest of the product."""

from crypto.pseudonymiser.cli import pseudonymiser

pseudonymiser(prog_name="pseudonymiser")
