"""The product's errors, named by what the caller can do about them.

One class per kind of answer the caller gets. `signal_index.web.problems` holds the table from these to HTTP and answers
the JSON interface; `signal_index.web.reception` answers pages by the same table (`docs/errors.md`). A `code` is stable
and machine-readable; `detail` is a Dutch sentence that says what to do and never holds an identifier of a person.
"""


class SignalIndexError(Exception):
    """Root of the errors that may reach a caller.

    Args:
        code: stable kebab-case reason, listed in `docs/errors.md`.
        detail: Dutch sentence for the caller; never a BSN, pseudonym or rejected value.
        reason: for the record only, where the caller may not learn which of several it was; else the code.
    """

    def __init__(self, code: str, detail: str, *, reason: str | None = None) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.reason = reason or code


class Malformed(SignalIndexError):
    """The request is not well formed; the caller should mend it before trying again.

    Args:
        code: see `SignalIndexError`.
        detail: see `SignalIndexError`.
        violations: (place in the request, what is wrong there) pairs; never the rejected value.
    """

    def __init__(self, code: str, detail: str, violations: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(code, detail)
        self.violations = violations


class NotAuthenticated(SignalIndexError):
    """The caller must sign in (again)."""


class NotPermitted(SignalIndexError):
    """The caller is known but may not do this; signing in again does not help."""


class NotFound(SignalIndexError):
    """There is nothing here for this caller."""


class Conflict(SignalIndexError):
    """The request contradicts the present state."""


class LimitExceeded(SignalIndexError):
    """The caller asks too much in a short time; the same request may go through after a while.

    Args:
        code: see `SignalIndexError`.
        detail: see `SignalIndexError`.
        retry_after_seconds: when it may go through.
    """

    def __init__(self, code: str, detail: str, retry_after_seconds: int) -> None:
        super().__init__(code, detail)
        self.retry_after_seconds = retry_after_seconds


class Unavailable(SignalIndexError):
    """The index cannot answer now without breaking a promise; try again later.

    Args:
        code: see `SignalIndexError`.
        detail: see `SignalIndexError`.
        retry_after_seconds: when trying again makes sense.
    """

    def __init__(self, code: str, detail: str, retry_after_seconds: int = 30) -> None:
        super().__init__(code, detail)
        self.retry_after_seconds = retry_after_seconds


class SetupFault(SignalIndexError):
    """The set-up is wrong (settings, keys, schema); the operator must mend it. Never raised per request."""

    def __init__(self, detail: str) -> None:
        super().__init__("setup", detail)
