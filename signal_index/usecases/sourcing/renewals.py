"""A new key comes into force beside the old one, which then ends by itself.

Invariants:
1. A key that is proposed comes into force by two people: the organisation's bronbeheerder proposes it, a functioneel
   beheerder who is somebody else decides, after comparing the fingerprint by phone.
2. Of a proposer who may not ask for it any more no key comes into force.
3. The key before it counts for some days more and then ends by itself; nobody can make a key last longer here. A key
   of which the first day is yet to come is not before it, and stays as it was registered.
4. A secret key that was pasted by mistake is never kept, and whoever pasted it hears to make another one.

Whoever controls one of the two people can at most propose, or refuse.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from secrets import token_bytes
from typing import Final

from crypto.errors import CryptoError
from crypto.keyfiles import PublisherPublic, PublisherSecrets
from crypto.tokens import read_json_object
from policy.vocabulary import Role
from signal_index import audit
from signal_index.errors import Conflict, Malformed, NotFound, NotPermitted
from signal_index.model import Actor, Publisher, StaffMember, dutch_day
from signal_index.model.administration import ProposalState
from signal_index.model.sourcing import KeyProposal, SigningKey
from signal_index.ports import Transaction
from signal_index.usecases.authority import owns_the_index, require_owner, require_role

from .keys import Proposed, fingerprint_of, shown
from .own import own_publisher

KEY_LASTS: Final = timedelta(days=730)
"""How long a key that was renewed here counts: long enough that renewing is no burden, short enough to stay a habit."""
OVERLAPS_DAYS: Final = (14, 30, 60)
KEY_BYTES_MAX: Final = 4096
"""A public key file has some 200."""


def propose(tx: Transaction, actor: Actor, text: str, now: datetime, *, overlap_days: int) -> KeyProposal:
    """Propose a new key for the actor's organisation.

    Args:
        tx: the open transaction.
        actor: a bronbeheerder.
        text: the public key file that `signal-index keys publisher` makes.
        now: aware UTC.
        overlap_days: how long the keys in force count beside it, one of `OVERLAPS_DAYS`.

    Raises:
        NotPermitted: the actor does not act as a bronbeheerder.
        NotFound: `no-publisher`: her organisation is not in the register.
        Malformed: `key`: it is no public key of this publisher; the fields say why.
        Conflict: `key-waiting`: another one waits already.
    """
    staff = require_role(actor, Role.SOURCE_ADMIN)
    publisher = own_publisher(tx, staff)
    if publisher is None:
        raise NotFound("no-publisher", "Uw organisatie staat nog niet in het register.")
    waiting = [
        each
        for each in tx.key_proposals.all()
        if each.publisher == publisher.oin and each.state(now) is ProposalState.ASKED
    ]
    if waiting:
        raise Conflict("key-waiting", "Er wacht al een nieuwe sleutel. Wacht tot daarover is besloten.")
    faults = tuple(_faults(tx, publisher, text, overlap_days))
    public = _public_in(text)
    if faults or public is None:
        raise Malformed("key", "De sleutel is niet voorgesteld. Verbeter wat hieronder staat.", faults)
    verify_key = public.verify_key.public_bytes_raw()
    proposal = KeyProposal(token_bytes(16), publisher.oin, verify_key, overlap_days, staff.staff_id, now)
    tx.key_proposals.put(proposal)
    _record(tx, actor, "key.proposed", proposal, now)
    return proposal


def _faults(tx: Transaction, publisher: Publisher, text: str, overlap_days: int) -> Iterator[tuple[str, str]]:
    """What is wrong with a form; nothing of what was pasted is repeated."""
    public = _public_in(text)
    if _kind_in(text) == PublisherSecrets.KIND:
        yield "sleutel", "Dit is uw geheime sleutel. Gebruik die niet meer: maak een nieuwe sleutel."
    elif public is None:
        yield "sleutel", "Plak hier de hele tekst van het bestand publisher.public.json."
    elif public.publisher != publisher.oin:
        yield "sleutel", "Deze sleutel is van een andere organisatie."
    elif any(public.verify_key.public_bytes_raw() in _known(each) for each in tx.register.publishers()):
        yield "sleutel", "Deze sleutel staat al in het register. Maak een nieuwe."
    if overlap_days not in OVERLAPS_DAYS:
        yield "overlap", "Kies hoelang de oude sleutel nog geldt."


def _known(publisher: Publisher) -> set[bytes]:
    return {each.verify_key for each in publisher.keys}


def _public_in(text: str) -> PublisherPublic | None:
    """The public key file that was pasted, if it is one."""
    try:
        return PublisherPublic.from_document(read_json_object(_bytes_of(text)))
    except CryptoError:
        return None


def _kind_in(text: str) -> object:
    """What a pasted key file calls itself, if it is one."""
    try:
        return read_json_object(_bytes_of(text)).get("kind")
    except CryptoError:
        return None


def _bytes_of(text: str) -> bytes:
    """What was pasted, as far as a public key file can be long."""
    return text.encode(errors="replace") if len(text) <= KEY_BYTES_MAX else b""


def _record(tx: Transaction, actor: Actor, name: str, proposal: KeyProposal, now: datetime) -> None:
    record = audit.act(
        name,
        now,
        actor,
        publisher=proposal.publisher,
        fingerprint=fingerprint_of(proposal.publisher, proposal.verify_key),
        overlap_days=proposal.overlap_days,
    )
    tx.audit.append(record)


def proposals(tx: Transaction, actor: Actor, now: datetime) -> Sequence[Proposed]:
    """Every proposal, for whoever decides; the newest first.

    Raises:
        NotPermitted: the actor does not administer for the organisation whose index this is.
    """
    require_owner(tx, actor)
    tx.audit.append(audit.act("keys.listed", now, actor))
    return [shown(tx, each, actor, now) for each in tx.key_proposals.all()]


def waiting_for(tx: Transaction, actor: Actor, now: datetime) -> list[Proposed]:
    """Those that wait for this person to decide; none for who may not. The caller records what it shows of them."""
    if actor.staff is None or not owns_the_index(tx, actor.staff.organisation):
        return []
    return [
        each for each in (shown(tx, one, actor, now) for one in tx.key_proposals.all()) if each.may_decide
    ]


def decide(tx: Transaction, actor: Actor, proposal_id: bytes, now: datetime, *, approve: bool) -> KeyProposal:
    """Put a proposed key in force, or refuse it.

    Args:
        tx: the open transaction.
        actor: a functioneel beheerder, and not who proposed it.
        proposal_id: 16 bytes.
        now: aware UTC.
        approve: what she decides.

    Raises:
        NotPermitted: the actor does not administer for the organisation whose index this is, or proposed it herself:
            `own-key`.
        NotFound: `no-proposal`: unknown, or its publisher has left the register.
        Conflict: `key-decided`: somebody decided on it already, it waited too long, or the key is in the register;
            `proposal-outdated`: it would come into force, and who proposed it works for the publisher no more.
    """
    staff = require_owner(tx, actor)
    proposal, publisher = _waiting(tx, staff, proposal_id, now)
    if approve:
        _require_proposer(tx, proposal)
    decided = replace(proposal, decided_by=staff.staff_id, decided_at=now, approved=approve)
    tx.key_proposals.put(decided)
    if not approve:
        _record(tx, actor, "key.refused", decided, now)
        return decided
    tx.register.put_keys(publisher.oin, _renewed(publisher, decided, dutch_day(now)))
    _record(tx, actor, "key.approved", decided, now)
    return decided


def _waiting(
    tx: Transaction, staff: StaffMember, proposal_id: bytes, now: datetime
) -> tuple[KeyProposal, Publisher]:
    """A proposal this person can decide on, and the publisher it is for."""
    proposal = tx.key_proposals.get(proposal_id)
    publisher = None if proposal is None else tx.register.publisher(proposal.publisher)
    if proposal is None or publisher is None:
        raise NotFound("no-proposal", "Dit voorstel is niet gevonden.")
    if proposal.proposed_by == staff.staff_id:
        raise NotPermitted("own-key", "U stelde deze sleutel zelf voor. Vraag een collega om te besluiten.")
    known = any(each.verify_key == proposal.verify_key for each in publisher.keys)
    if proposal.state(now) is not ProposalState.ASKED or known:
        raise Conflict("key-decided", "Over deze sleutel is al besloten, of het voorstel is verlopen.")
    return proposal, publisher


def _require_proposer(tx: Transaction, proposal: KeyProposal) -> None:
    """Refuse what somebody asked for who may not ask for it any more."""
    asked = tx.staff.get(proposal.proposed_by)
    may_ask = asked is not None and asked.active and Role.SOURCE_ADMIN in asked.roles
    if asked is None or not may_ask or asked.organisation != proposal.publisher:
        raise Conflict("proposal-outdated", "De gegevens zijn intussen anders. Doe een nieuw voorstel.")


def _renewed(publisher: Publisher, proposal: KeyProposal, today: date) -> tuple[SigningKey, ...]:
    """The keys once the new one is in force: those before it end after the overlap, and never later than they did."""
    ends = today + timedelta(days=proposal.overlap_days)
    before = (
        replace(each, valid_until=min(each.valid_until or ends, ends)) if each.is_in_force(today) else each
        for each in publisher.keys
    )
    return (*before, SigningKey(proposal.verify_key, today, today + KEY_LASTS))
