"""What can go wrong in this package, one class per thing a caller can do about it.

Invariants:
1. No message, attribute or chained cause carries a BSN, a pseudonym, a key or any part of the refused input.
"""


class CryptoError(Exception):
    """Root of every error this package raises on purpose."""


class MalformedInput(CryptoError):
    """The bytes or text are not of the required form; sending them again will not help."""


class VerificationFailed(CryptoError):
    """The form is right, but a signature, seal or hash does not hold: wrong key, wrong place or tampering."""


class KeyFault(CryptoError):
    """Keys or the cryptographic library are absent, unsafe or wrong; an operator has to act."""


class TokenRefused(CryptoError):
    """A token does not prove what it claims.

    Args:
        reason: Code from a closed list; safe to log and to show.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class BatchRefused(CryptoError):
    """A batch of rows is refused as a whole.

    Args:
        reason: Code from a closed list; safe to log and to show.
        rows: Offending rows as (position in the batch from 0, code); empty when no single row is to blame.
    """

    def __init__(self, reason: str, rows: tuple[tuple[int, str], ...] = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.rows = rows
