"""What an address in the settings must be, so that nobody reads along and nothing of a trial reaches real data."""

from urllib.parse import parse_qs, urlsplit


def origin_of(address: str) -> str | None:
    """Scheme and host of an address; None when it names somebody as well."""
    parts = urlsplit(address)
    return None if parts.username is not None else f"{parts.scheme}://{parts.netloc}"


_THIS_MACHINE = frozenset({"127.0.0.1", "localhost", "::1"})


def require_origin(name: str, address: str, *, environment: str) -> None:
    """Refuse what is no bare scheme and host, or not safe.

    Raises:
        ValueError: as `require_safe`, or there is more in it, such as a path or a name.
    """
    require_safe(name, address, environment=environment)
    if address != origin_of(address):
        raise ValueError(f"{name} is a scheme and a host, such as https://signaalindex.gemeente.example")


def require_safe_database(address: str, *, environment: str) -> None:
    """Refuse a database that is reached in the open, or a password that whoever reads the settings would read.

    Raises:
        ValueError: with what it must be.
    """
    if "://" not in address:
        return
    parts = urlsplit(address)
    stated = parse_qs(parts.query)
    if parts.password is not None or "password" in stated:
        raise ValueError("database holds no password: put it in the password file of libpq (PGPASSFILE)")
    host = parts.hostname or stated.get("host", [""])[0]
    near = not host or host.startswith("/") or host in _THIS_MACHINE
    if environment != "dev" and not near and stated.get("sslmode") != ["verify-full"]:
        raise ValueError(
            "database on another machine needs sslmode=verify-full, and the server's certificate"
        )


def require_safe(name: str, address: str, *, environment: str) -> None:
    """Refuse an address others could read along with, or one that can only be a trial's.

    Raises:
        ValueError: with what it must be.
    """
    parts = urlsplit(address)
    local = parts.hostname in _THIS_MACHINE
    allowed = {"https", "http"} if local and environment == "dev" else {"https"}
    if parts.scheme not in allowed or not parts.hostname or (local and environment != "dev"):
        raise ValueError(
            f'{name} must be an https address; this machine itself only with environment = "dev"'
        )
