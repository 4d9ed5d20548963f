"""One file with everything that was backed up: a tar with a manifest that says what is in it, with digests."""

from __future__ import annotations

import hashlib
import io
import json
import os
import secrets
import tarfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from kiosk.errors import UsageError

FORMAT = 1
MANIFEST, DATABASE, SECRETS = "manifest.json", "kiosk.db", "secrets.sealed"
KNOWN = (MANIFEST, DATABASE, SECRETS)
MOST_MANIFEST = 1024 * 1024
CHUNK = 1024 * 1024


def write(file: Path, about: Mapping[str, Any], database: Path, sealed: bytes | None) -> None:
    """Write the file, whole or not at all; only its owner reads it."""
    members = {DATABASE: {"sha256": digest(database), "bytes": database.stat().st_size}}
    if sealed is not None:
        members[SECRETS] = {"sha256": hashlib.sha256(sealed).hexdigest(), "bytes": len(sealed)}
    manifest = json.dumps({"format": FORMAT, **about, "members": members}, indent=2).encode()
    part = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
            with tarfile.open(fileobj=opened, mode="w", format=tarfile.PAX_FORMAT) as tar:
                _add(tar, MANIFEST, manifest)
                tar.add(database, DATABASE, filter=_plain)
                if sealed is not None:
                    _add(tar, SECRETS, sealed)
            opened.flush()
            os.fsync(opened.fileno())
        part.replace(file)
        sync(file.parent)
    except OSError as error:
        with suppress(OSError):
            part.unlink()
        raise UsageError(f"{file} cannot be written ({error.strerror}).") from error


def read(file: Path, folder: Path) -> dict[str, Any]:
    """Unpack a file into a folder, check every digest, and return the manifest. Raises UsageError."""
    try:
        with tarfile.open(file, mode="r:") as tar:
            manifest = _manifest(tar)
            for name, said in manifest["members"].items():
                _unpack(tar, name, said, folder / name)
    except OSError as error:
        raise UsageError(f"{file} cannot be read ({error.strerror or error}).") from error
    except (tarfile.TarError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise UsageError(f"{file} is no backup, or only a part of one.") from error
    return manifest


def digest(file: Path) -> str:
    """Return the SHA-256 of a file."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def sync(path: Path) -> None:
    """Return when what a file or a folder holds is on the disk."""
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _manifest(tar: tarfile.TarFile) -> dict[str, Any]:
    first = tar.next()
    if first is None or first.name != MANIFEST or not first.isfile() or first.size > MOST_MANIFEST:
        raise ValueError("no manifest")
    opened = tar.extractfile(first)
    manifest: dict[str, Any] = json.loads(opened.read() if opened else b"")
    if manifest["format"] > FORMAT:
        raise UsageError("This backup was made by a newer version: install that one first.")
    if DATABASE not in manifest["members"] or not manifest["members"].keys() <= {*KNOWN}:
        raise ValueError("not these members")
    return manifest


def _unpack(tar: tarfile.TarFile, name: str, said: Mapping[str, Any], to: Path) -> None:
    """Copy one member, which is a plain file and as large as was said. Raises UsageError where it was changed."""
    member = tar.getmember(name)
    source = tar.extractfile(member) if member.isfile() and member.size == said["bytes"] else None
    if source is None:
        raise UsageError(f"The backup is damaged: {name} is not as long as it was.")
    with open(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
        while chunk := source.read(CHUNK):
            opened.write(chunk)
        opened.flush()
        os.fsync(opened.fileno())
    if digest(to) != said["sha256"]:
        raise UsageError(f"The backup is damaged: {name} is not what it was.")


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    member = _plain(tarfile.TarInfo(name))
    member.size = len(data)
    tar.addfile(member, io.BytesIO(data))


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Say nothing of whose file it was."""
    member.mode, member.uid, member.gid, member.uname, member.gname = 0o600, 0, 0, "", ""
    return member
