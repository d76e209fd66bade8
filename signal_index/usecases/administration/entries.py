"""What an entry of the staff list must look like, wherever it comes from; and a list as an identity provider gives it.

Source: RFC 7643 (SCIM 2.0 core schema) sections 4.1 and 4.3, RFC 7644 section 3.4.2 (ListResponse). Of a user only the
name to sign in with, the display name, whether she is active, and organisation and department are read; nothing else is
kept.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from signal_index.errors import Malformed
from signal_index.model import StaffMember

from .acting import SET_UP

NAME_CHARACTERS_MAX = 100
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:user"
LISTED_MAX = 10_000

_Fault = tuple[str, str]

_FAULTY: dict[str, Callable[[str], bool]] = {
    "medewerker": lambda text: not re.fullmatch(r"[A-Za-z0-9._:@-]{1,40}", text) or text == SET_UP,
    "organisatie": lambda text: not re.fullmatch(r"[0-9]{20}", text),
    "team": lambda text: not re.fullmatch(r"[A-Za-z0-9._:@-]{1,32}", text),
    "naam": lambda text: len(text) > NAME_CHARACTERS_MAX or not text.isprintable() or text != text.strip(),
}
_EXPECTED = {
    "medewerker": "a staff id of at most 40 letters, digits and . _ : @ -",
    "organisatie": "an OIN of 20 digits",
    "team": "a team code of at most 32 letters, digits and . _ : @ -",
    "naam": f"a name of at most {NAME_CHARACTERS_MAX} characters, without spaces around it",
}
_SCIM_NAMES = {
    "medewerker": "userName",
    "organisatie": "organization",
    "team": "department",
    "naam": "displayName",
}


def entry_faults(member: StaffMember) -> Iterator[_Fault]:
    """What is wrong with an entry: field of the list, and what it must be; never the value."""
    stated = {
        "medewerker": member.staff_id,
        "organisatie": member.organisation,
        "team": member.team,
        "naam": member.name,
    }
    for field, text in stated.items():
        if _FAULTY[field](text):
            yield field, _EXPECTED[field]


def staff_id_fault(text: str) -> str | None:
    """What a staff id must be, when this is none."""
    return f"give {_EXPECTED['medewerker']}" if _FAULTY["medewerker"](text) else None


def is_organisation(text: str) -> bool:
    """Whether this can be the number of an organisation."""
    return not _FAULTY["organisatie"](text)


def require_entry(member: StaffMember) -> None:
    """Refuse an entry that is not well formed.

    Raises:
        Malformed: `staff`, with each field.
    """
    faults = tuple(entry_faults(member))
    if faults:
        raise Malformed("staff", "Deze gegevens kloppen niet; er is niets gewijzigd.", faults)


def read_scim(document: object) -> Sequence[StaffMember]:
    """Read users as an identity provider lists them: a ListResponse, or the array of users itself.

    Args:
        document: parsed JSON.

    Returns:
        The members in the order of the list.

    Raises:
        Malformed: `staff`, with every fault of the whole list and its place, such as `Resources[3].userName`.
    """
    prefix, users = _users(document)
    members: list[StaffMember] = []
    faults: list[_Fault] = []
    for number, user in enumerate(users):
        place = f"{prefix}[{number}]"
        if not isinstance(user, dict):
            faults.append((place, "must be a user"))
            continue
        member, wrong = _member(user)
        faults += [(f"{place}.{field}", text) for field, text in wrong]
        members.append(member)
    if faults:
        raise _refused(faults)
    return members


def _refused(faults: Sequence[_Fault]) -> Malformed:
    return Malformed("staff", "De lijst klopt niet; er is niets gewijzigd.", tuple(faults))


def _users(document: object) -> tuple[str, list[object]]:
    """The users in a document, and how to name their place."""
    if isinstance(document, list):
        prefix, users = "", document
    else:
        stated = _folded(document) if isinstance(document, dict) else {}
        prefix, found = "Resources", stated.get("resources")
        if not isinstance(found, list):
            raise _refused([("Resources", "must be a list of users")])
        users = found
        # Part of a list looks like a whole one; whoever was on the other pages would silently stay as she is.
        if stated.get("totalresults", len(users)) != len(users):
            raise _refused([("totalResults", "must count the users in this file: hand in the whole list")])
    if not 0 < len(users) <= LISTED_MAX:
        raise _refused([(prefix or "[]", f"must hold 1 to {LISTED_MAX} users")])
    return prefix, users


def _folded(stated: Mapping[str, object]) -> dict[str, object]:
    """By lower-case name: SCIM attribute names are case insensitive (RFC 7643 section 2.1)."""
    return {name.lower(): value for name, value in stated.items()}


def _member(user: Mapping[str, object]) -> tuple[StaffMember, list[_Fault]]:
    stated = _folded(user)
    extension = stated.get(ENTERPRISE)
    works = _folded(extension) if isinstance(extension, dict) else {}
    member = StaffMember(
        staff_id=_text(stated.get("username")),
        organisation=_text(works.get("organization")),
        team=_text(works.get("department")),
        active=stated.get("active") is True,
        name=_text(stated.get("displayname")),
    )
    faults = [(_SCIM_NAMES[field], text) for field, text in entry_faults(member)]
    if not isinstance(stated.get("active"), bool):
        faults.append(("active", "true or false"))
    if not isinstance(stated.get("displayname", ""), str | None):
        faults.append(("displayName", _EXPECTED["naam"]))
    return member, faults


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
