"""`python -m crypto.witness`: the witness without the rest of the product."""

from crypto.witness.cli import witness

witness(prog_name="witness")
