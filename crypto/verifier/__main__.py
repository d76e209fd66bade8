"""`python -m crypto.verifier`: the verifier without the rest of the product."""

from crypto.verifier.cli import verifier

verifier(prog_name="verifier")
