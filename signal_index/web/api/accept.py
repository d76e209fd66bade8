"""Which form of an answer a caller takes, by the `Accept` header.

Source: RFC 9110 §12.5.1.
"""

from collections.abc import Sequence


def quality(accepts: Sequence[str], media_type: str) -> float:
    """How much the caller likes this media type, from 0 (not at all) to 1.

    Args:
        accepts: the values of every `Accept` header; none at all takes everything.
        media_type: what we would send, such as `application/json`.
    """
    if not accepts:
        return 1.0
    wanted = [_parsed(each) for each in ",".join(accepts).split(",") if each.strip()]
    family = media_type.partition("/")[0]
    for name in (media_type, f"{family}/*", "*/*"):  # the most specific range decides
        found = [q for range_, q in wanted if range_ == name]
        if found:
            return max(found)
    return 0.0


def _parsed(text: str) -> tuple[str, float]:
    """One media range and its weight; a weight we cannot read counts as 0, since it may mean "rather not"."""
    name, *parameters = (part.strip().lower() for part in text.split(";"))
    weights = [value.strip() for key, _, value in (each.partition("=") for each in parameters) if key == "q"]
    return name, _weight(weights[0]) if weights else 1.0


def _weight(text: str) -> float:
    digits = text.replace(".", "", 1)
    readable = text.isascii() and digits.isdecimal() and len(text) <= 5
    return min(float(text), 1.0) if readable else 0.0
