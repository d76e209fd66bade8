"""The public JSON of the register: who may deliver what, whom to phone, and which systems may open a case."""

from datetime import date
from typing import Annotated

from pydantic import Field

from crypto.batch import BatchClass
from crypto.tokens import decode_base64url, encode_base64url
from crypto.verify_keys import decode_verify_key
from signal_index.model import ContactRoute, Publication, Publisher, Register
from signal_index.model.sourcing import SigningKey
from signal_index.model.workplace import Entrance

from . import Contact, Wire
from .administration import Oin

_Key = Annotated[str, Field(max_length=64, description="Ed25519, 32 bytes in base64url zonder opvulling.")]


def _key(text: str) -> bytes:
    return decode_verify_key(decode_base64url(text)).public_bytes_raw()


class Ondertekensleutel(Wire):
    """A key that deliveries are signed with, and the days on which it counts."""

    sleutel: _Key
    geldigVanaf: date | None = None  # noqa: N815 - the wire is camelCase
    geldigTotEnMet: date | None = None  # noqa: N815

    @classmethod
    def of(cls, key: SigningKey) -> "Ondertekensleutel":
        """Map a key."""
        return cls(
            sleutel=encode_base64url(key.verify_key),
            geldigVanaf=key.valid_from,
            geldigTotEnMet=key.valid_until,
        )

    def to_model(self) -> SigningKey:
        """The same in the product's own terms; raises as `Registerinhoud.to_model`."""
        return SigningKey(_key(self.sleutel), self.geldigVanaf, self.geldigTotEnMet)


class Leverancier(Wire):
    """An organisation that signs deliveries."""

    oin: Oin
    naam: str = Field(max_length=200)
    sleutels: tuple[Ondertekensleutel, ...] = Field(
        min_length=1, max_length=20, description="De nieuwste als laatste."
    )
    omvang: int = Field(ge=1, le=4096, description="Het vaste aantal regels in een levering.")
    soorten: tuple[BatchClass, ...] = Field(max_length=8)
    organisaties: tuple[Oin, ...] = Field(default=(), max_length=100)


class Aanlevering(Wire):
    """One source and type, with whom to phone about it."""

    bron: str = Field(max_length=64)
    bronnaam: str = Field(max_length=200)
    soort: str = Field(max_length=64)
    leverancier: Oin
    contact: Contact


class Toegang(Wire):
    """A system that may open a case here."""

    uitgever: str = Field(max_length=200)
    naam: str = Field(max_length=200)
    organisatie: Oin
    sleutel: _Key


class Registerinhoud(Wire):
    """The whole register; it replaces the one before."""

    leveranciers: tuple[Leverancier, ...] = Field(max_length=1000)
    aanleveringen: tuple[Aanlevering, ...] = Field(max_length=10_000)
    toegangen: tuple[Toegang, ...] = Field(default=(), max_length=100)

    @classmethod
    def of(cls, register: Register) -> "Registerinhoud":
        """Map the register."""
        return cls(
            leveranciers=tuple(
                Leverancier(
                    oin=each.oin,
                    naam=each.name,
                    sleutels=tuple(map(Ondertekensleutel.of, each.keys)),
                    omvang=each.items_per_batch,
                    soorten=tuple(sorted(each.classes)),
                    organisaties=tuple(sorted(each.organisations)),
                )
                for each in register.publishers
            ),
            aanleveringen=tuple(
                Aanlevering(
                    bron=each.source,
                    bronnaam=each.source_name,
                    soort=each.type,
                    leverancier=each.publisher,
                    contact=Contact.of(each.contact),
                )
                for each in register.publications
            ),
            toegangen=tuple(
                Toegang(
                    uitgever=each.issuer,
                    naam=each.name,
                    organisatie=each.organisation,
                    sleutel=encode_base64url(each.verify_key),
                )
                for each in register.entrances
            ),
        )

    def to_model(self) -> Register:
        """The same register in the product's own terms.

        Raises:
            CryptoError: a key that is none.
        """
        return Register(
            publishers=tuple(
                Publisher(
                    each.oin,
                    each.naam,
                    tuple(key.to_model() for key in each.sleutels),
                    each.omvang,
                    frozenset(each.soorten),
                    frozenset(each.organisaties),
                )
                for each in self.leveranciers
            ),
            publications=tuple(
                Publication(
                    source=each.bron,
                    source_name=each.bronnaam,
                    type=each.soort,
                    publisher=each.leverancier,
                    contact=ContactRoute(each.contact.naam, each.contact.telefoon),
                )
                for each in self.aanleveringen
            ),
            entrances=tuple(
                Entrance(each.uitgever, each.naam, each.organisatie, _key(each.sleutel))
                for each in self.toegangen
            ),
        )
