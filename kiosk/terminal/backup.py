"""What the command line does to keep everything in one file, and to have it back on another machine."""

from __future__ import annotations

import argparse
import base64
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kiosk import __version__, clock
from kiosk.errors import UsageError
from kiosk.settings import Settings, given
from kiosk.store import archive, restoring, sealing, snapshots
from kiosk.store.vault import Vault
from kiosk.terminal.typed import typed_secret

# Settings that hold passwords, and those that name files with secrets outside of the vault.
WITH_PASSWORDS = {"KIOSK_DATABASE_URL", "KIOSK_SMTP_URL", "HTTPS_PROXY"}
FILES = ("google_credentials", "sign_in_client", "device_token_file")
NAMES = {"google_credentials": "KIOSK_GOOGLE_CREDENTIALS", "sign_in_client": "KIOSK_SIGN_IN_CLIENT"}
NAMES["device_token_file"] = "KIOSK_DEVICE_TOKEN_FILE"
RESTORED = "restored-"
# What lies ready in the vault until the database is in its place; left over, it is written over the next time.
RESTORING = ".restoring-"


def backup(settings: Settings, options: argparse.Namespace) -> None:
    """Write everything into one file; the server may run meanwhile."""
    file = Path(options.file).expanduser()
    if file.exists() and not options.overwrite:
        raise UsageError(f"{file} is there already: choose another name, or say --overwrite.")
    passphrase = "" if options.without_secrets else _passphrase(options)
    with _workshop(file.absolute().parent) as folder:
        copied = folder / archive.DATABASE
        file_of_it = settings.database_file
        if file_of_it:
            counts, kept = snapshots.copy(file_of_it, copied)
        else:
            counts, kept = snapshots.copy_served(settings.database_url, copied)
        how, sealed = sealing.seal(_packed(settings, kept), passphrase) if passphrase else (None, None)
        about = {"made_at": clock.iso(clock.now()), "version": __version__, "counts": counts, "sealed": how}
        archive.write(file, about | {"settings": _told(secret=False)}, copied, sealed)
    print(f"{file}: {sum(counts.values())} rows in {len(counts)} tables, {file.stat().st_size // 1024} kB.")
    print("Secrets are left out." if not passphrase else "Secrets are sealed: without the passphrase they are lost.")


def restore(settings: Settings, options: argparse.Namespace) -> None:
    """Put what a file holds in the place of what is here, and say what is left to do."""
    file, vault = Path(options.file).expanduser(), Vault(Path(settings.secrets))
    database = settings.restored_at
    restoring.finish(database)
    _refuse_what_is_there(settings, options.overwrite)
    database.parent.mkdir(parents=True, exist_ok=True)
    with _workshop(database.parent) as folder:
        copied = folder / archive.DATABASE
        manifest = archive.read(file, folder)
        snapshots.check(copied, manifest["counts"])
        kept = _opened(manifest, folder, options)
        lacking = snapshots.prepare(copied, kept["store"] if kept else None)
        _refuse_what_is_there(settings, options.overwrite)
        restoring.switch(database, [*_database(settings, copied), *_secrets(kept, vault)])
    _report(manifest, kept, lacking, vault)


def _database(settings: Settings, copied: Path) -> list[restoring.Move]:
    """Return how the database comes to its place; what a PostgreSQL server keeps is written there now, as a whole."""
    if settings.database_file:
        return [(restoring.lay_ready(copied, settings.database_file), settings.database_file)]
    snapshots.put_served(copied, settings.database_url)
    return []


def _passphrase(options: argparse.Namespace, twice: bool = True) -> str:
    if not options.passphrase_file:
        return typed_secret("passphrase", twice=twice)
    try:
        return Path(options.passphrase_file).expanduser().read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{options.passphrase_file} cannot be read ({error}).") from error


@contextmanager
def _workshop(beside: Path) -> Iterator[Path]:
    """Give a folder on the same disk as what is made there, which goes in the end."""
    try:
        folder = Path(tempfile.mkdtemp(prefix=".kiosk-", dir=beside))
    except OSError as error:
        raise UsageError(f"The folder {beside} cannot be written ({error.strerror}).") from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _packed(settings: Settings, kept: Mapping[str, Any]) -> bytes:
    """Return all secrets as one text: the vault's files, those that settings name, and what was in the database."""
    vault = Vault(Path(settings.secrets))
    lying = {name: vault.read(name) for name in vault.names("") if not name.startswith(".")}
    named = {NAMES[one]: _content(getattr(settings, one)) for one in FILES}
    files = {name: _coded(text) for name, text in lying.items() if text}
    known = {name: _coded(text) for name, text in named.items() if text}
    whole = {"store": kept, "vault": files, "named": known, "settings": _told(secret=True)}
    return json.dumps(whole).encode()


def _content(path: str) -> str | None:
    try:
        return Path(path).read_text(encoding="utf-8") if path else None
    except OSError:
        return None


def _coded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _told(secret: bool) -> dict[str, str]:
    """Return the settings that hold passwords, or all others."""
    return {name: text for name, text in given().items() if (name in WITH_PASSWORDS) == secret}


def _refuse_what_is_there(settings: Settings, overwrite: bool) -> None:
    file, where = settings.database_file, settings.database_file or "of that name on the server"
    if (file.exists() if file else snapshots.is_filled(settings.database_url)) and not overwrite:
        raise UsageError(
            f"There is a database {where} already. With --overwrite it is replaced, and what is in it is lost."
        )
    if snapshots.is_in_use(settings.database_url):
        raise UsageError(f"A server works with the database {where}: stop it first (systemctl stop kiosk-server).")


def _opened(manifest: Mapping[str, Any], folder: Path, options: argparse.Namespace) -> dict[str, Any] | None:
    """Return the secrets, None where there are none or they are not wanted."""
    if not manifest.get("sealed") or options.without_secrets:
        return None
    sealed = (folder / archive.SECRETS).read_bytes()
    opened: dict[str, Any] = json.loads(sealing.unseal(manifest["sealed"], sealed, _passphrase(options, twice=False)))
    return opened


def _secrets(kept: Mapping[str, Any] | None, vault: Vault) -> list[restoring.Move]:
    """Lay the secrets' files ready, and return where each belongs."""
    if kept is None:
        return []
    files = {name: base64.b64decode(text) for name, text in kept["vault"].items()}
    files |= {f"{RESTORED}{name.lower()}": base64.b64decode(text) for name, text in kept["named"].items()}
    if kept["settings"]:
        lines = [f"{name}={text}\n" for name, text in kept["settings"].items()]
        files[f"{RESTORED}settings.env"] = "".join(lines).encode()
    names = {Path(name).name: data.decode() for name, data in files.items()}
    return [(vault.keep(f"{RESTORING}{name}", text), vault.path(name)) for name, text in names.items()]


def _report(manifest: Mapping[str, Any], kept: Mapping[str, Any] | None, lacking: int, vault: Vault) -> None:
    counts = manifest["counts"]
    about = ("room", "event", "command", "account", "device", "notice", "hook")
    print(f"Restored what version {manifest['version']} had on {manifest['made_at']}:")
    print("  " + ", ".join(f"{counts.get(name, 0)} {name}s" for name in about))
    steps = [*_steps_without_secrets(kept, lacking), *_steps_with(kept, vault)]
    if manifest["settings"]:
        print("Settings that machine had (for kiosk.env):")
        print("".join(f"  {name}={text}\n" for name, text in manifest["settings"].items()), end="")
    print("To be done by hand:" if steps else "Nothing is to be done by hand: start the server.")
    for step in steps:
        print(f"  - {step}")


def _steps_without_secrets(kept: Mapping[str, Any] | None, lacking: int) -> list[str]:
    if kept is not None:
        return []
    hooks = [f"write the secrets of {lacking} webhooks anew; they rest until then"] if lacking else []
    return [
        "connect Google again: /admin/google or `kiosk connect FILE`",
        "everybody signs in again, and codes at doors are new",
        *hooks,
    ]


def _steps_with(kept: Mapping[str, Any] | None, vault: Vault) -> list[str]:
    named = sorted(kept["named"]) if kept else []
    steps = [f"set {name}={vault.path(f'{RESTORED}{name.lower()}')}, or move that file" for name in named]
    if kept and kept["settings"]:
        names = ", ".join(sorted(kept["settings"]))
        steps.append(f"take {names} from {vault.path(f'{RESTORED}settings.env')}")
    return steps
