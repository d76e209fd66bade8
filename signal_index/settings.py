"""Settings of the index: one TOML file, closed, frozen, paths relative to the file.

Nothing here is a secret; secrets are named by path and read by `signal_index.wiring`.
"""

import tomllib
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from .errors import SetupFault


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class IssuerSettings(_Section):
    """The municipality's identity provider."""

    name: str = Field(description="Exact `iss` of its tokens.")
    audience: str = Field(description="Exact `aud` a token for this index must have.")
    keys: Path = Field(description="Its public keys as a JWK set; pinned, never fetched.")


class ServerSettings(_Section):
    """Where the index listens."""

    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=8100, ge=0, le=65535, description="Port to listen on.")


class Settings(_Section):
    """Everything the index needs to start."""

    environment: Literal["production", "dev"] = Field(
        default="production", description="`dev` allows what is not safe for real BSNs yet."
    )
    database: Path = Field(description="SQLite file, made by `signal-index db upgrade`.")
    keys: Path = Field(description="Key file of the index, made by `signal-index keys index`.")
    manifest: Path = Field(description="Public keys of the chain, made by `signal-index keys manifest`.")
    issuer: IssuerSettings
    server: ServerSettings = ServerSettings()


def load(path: Path) -> Settings:
    """Read the settings file.

    Raises:
        SetupFault: it cannot be read, is not TOML, or has a field missing, unknown or wrong.
    """
    try:
        stated = tomllib.loads(path.read_text(encoding="utf-8"))
        settings = Settings.model_validate(stated)
    except OSError as error:
        raise SetupFault(f"cannot read the settings file {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SetupFault(f"{path} is not valid TOML: {error}") from error
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(str(part) for part in e['loc'])}: {e['msg']}" for e in error.errors())
        raise SetupFault(f"{path}: {faults}") from error
    return _anchored(settings, path.resolve().parent)


def _anchored(settings: Settings, folder: Path) -> Settings:
    """The same settings with every path relative to the file's own folder."""
    issuer = settings.issuer.model_copy(update={"keys": folder / settings.issuer.keys})
    return settings.model_copy(
        update={
            "database": folder / settings.database,
            "keys": folder / settings.keys,
            "manifest": folder / settings.manifest,
            "issuer": issuer,
        }
    )
