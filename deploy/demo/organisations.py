"""The organisations of the invented municipality: who sends messages, who signs batches, who works there.

All names, codes and phone numbers are invented; the OINs carry the prefix set aside for tests.

Source: Logius OIN-Stelsel, prefix 99.
"""

from dataclasses import dataclass

NAME = "Veldermeer"
CODE = "9958"  # no municipality has this code
CASE_SYSTEM_USER = "regiesysteem"


@dataclass(frozen=True)
class Organisation:
    """One source of help: who it is, what it sends, and whom to phone."""

    source: str
    name: str
    publisher: str
    contact_name: str
    contact_phone: str

    @property
    def number(self) -> str:
        """The AGB or KvK number without its prefix, as it stands in the organisation's own messages."""
        return self.source.partition(":")[2]


@dataclass(frozen=True)
class PublisherOrganisation:
    """An organisation that signs batches.

    Args:
        folder: its place in the run directory.
        reads: format of the messages it has: `iwmo`, `ddas` or `caseload`.
        items_per_batch: the fixed size of its batches.
    """

    oin: str
    name: str
    folder: str
    reads: str
    items_per_batch: int

    @property
    def batch_class(self) -> str:
        """What its batches carry."""
        return "zorgrelatie" if self.reads == "caseload" else "signaal"

    @property
    def key_file(self) -> str:
        """The name under which others keep its public key."""
        return f"{self.folder}.public.json"


MUNICIPALITY = PublisherOrganisation(
    "00000099000000009958", f"Gemeente {NAME}", "publisher-gemeente", "iwmo", items_per_batch=64
)
DEBT_HELP = PublisherOrganisation(
    "00000099000000000731", "Schuldhulp De Vaart", "publisher-schuldhulp", "ddas", items_per_batch=32
)
CASE_SYSTEM = PublisherOrganisation(
    "00000099000000000842", f"Regiesysteem {NAME}", "publisher-regiesysteem", "caseload", items_per_batch=64
)
PUBLISHERS = (MUNICIPALITY, DEBT_HELP, CASE_SYSTEM)

ORGANISATIONS = {
    "wmo-1": Organisation(
        "agb:99010011", "Thuiszorg Lindelaan", MUNICIPALITY.oin, "Klantcontact Lindelaan", "085-0000101"
    ),
    "wmo-2": Organisation(
        "agb:99010022", "Dagcentrum De Boei", MUNICIPALITY.oin, "Balie De Boei", "085-0000102"
    ),
    "jeugd-1": Organisation(
        "agb:99020033", "Jeugdhulp Kompas", MUNICIPALITY.oin, "Bureaudienst Kompas", "085-0000103"
    ),
    "jeugd-2": Organisation(
        "agb:99020044", "Praktijk De Kiezel", MUNICIPALITY.oin, "Aanmelding De Kiezel", "085-0000104"
    ),
    "schuldhulp": Organisation(
        "kvk:99030055", "Schuldhulp De Vaart", DEBT_HELP.oin, "Team Intake De Vaart", "085-0000105"
    ),
}


@dataclass(frozen=True)
class Employee:
    """A member of the municipality's staff; the name is only for the demonstration's own lines."""

    staff_id: str
    name: str
    team: str
    role: str


TEAMS = ("noord", "zuid")
STAFF = (
    Employee("wt-101", "Noor", "noord", "wijkteammedewerker"),
    Employee("wt-102", "Pepijn", "noord", "wijkteammedewerker"),
    Employee("wt-103", "Samira", "noord", "wijkteammedewerker"),
    Employee("wt-201", "Thijs", "zuid", "wijkteammedewerker"),
    Employee("wt-202", "Yasmin", "zuid", "wijkteammedewerker"),
    Employee("wt-203", "Wout", "zuid", "wijkteammedewerker"),
    Employee("tl-100", "Marga", "noord", "teamleider"),
    Employee("tl-200", "Ruud", "zuid", "teamleider"),
    Employee("po-001", "Ineke", "privacy", "privacy-officer"),
    Employee("fb-001", "Gert", "beheer", "functioneel-beheerder"),
)
WORKERS = tuple(employee for employee in STAFF if employee.role == "wijkteammedewerker")
