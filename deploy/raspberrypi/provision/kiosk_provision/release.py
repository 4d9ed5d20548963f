"""Carrying a release to a machine: only the wheels that it has in no other release travel."""

from __future__ import annotations

import hashlib
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

from pyinfra.operations import files, server

from kiosk_provision.asking import ask, ask_list

RELEASES = "/opt/kiosk/releases"


@dataclass(frozen=True)
class Release:
    """A version and the folder of its wheels, on this computer."""

    version: str
    wheels: Path

    def digests(self) -> dict[str, str]:
        """Return the SHA-256 of each wheel, by file name."""
        found = sorted(self.wheels.glob("*.whl"))
        return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in found}


def lay_release(release: Release) -> None:
    """Install a release beside the others; nothing is switched."""
    folder = f"{RELEASES}/{release.version}"
    if ask(f"test -e {folder}/whole && echo whole"):
        return
    wanted, there = release.digests(), _there()
    _link(folder, {name: there[digest] for name, digest in wanted.items() if digest in there})
    missing = [name for name, digest in wanted.items() if digest not in there]
    if missing:
        _send(release, folder, missing)
    server.shell(
        name=f"install {release.version}", commands=[f"/usr/local/sbin/kiosk-release install {release.version}"]
    )


def _there() -> dict[str, str]:
    """Return where each wheel of other releases lies, by its SHA-256."""
    lines = ask_list(f"cd {RELEASES} 2>/dev/null && sha256sum */wheels/*.whl 2>/dev/null")
    return {digest: path for digest, _, path in (line.partition("  ") for line in lines)}


def _link(folder: str, known: dict[str, str]) -> None:
    links = [f"ln -f {RELEASES}/{path} {folder}/wheels/{name}" for name, path in known.items()]
    commands = [f"mkdir -p {folder}/wheels", *([" && ".join(links)] if links else [])]
    server.shell(name=f"folder of the release, {len(links)} wheels from others", commands=commands)


def _send(release: Release, folder: str, names: list[str]) -> None:
    """One archive is one journey: sixty files would be sixty."""
    with tempfile.NamedTemporaryFile(suffix=".tar", delete=False) as archive:
        with tarfile.open(fileobj=archive, mode="w") as packed:
            for name in names:
                packed.add(release.wheels / name, arcname=name)
    remote = f"/var/tmp/kiosk-{release.version}.tar"
    files.put(name=f"send {len(names)} wheels", src=archive.name, dest=remote, mode="600", add_deploy_dir=False)
    server.shell(
        name="unpack the wheels",
        commands=[f"tar -x --no-same-owner -f {remote} -C {folder}/wheels && rm {remote}"],
    )
