"""Releases to provision: this checkout's wheel with all that it needs, and others with another version or a fault."""

from __future__ import annotations

import os
import re
import shutil
import sys
import zipfile
from pathlib import Path

from tests.machines.rig import sh

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = "room_kiosk-"
BROKEN = "raise ImportError('a release that cannot start')\n"


def wheelhouse(folder: Path) -> Path:
    """Gather this checkout's release as wheels for the rig's machines."""
    maker = ROOT / "deploy" / "raspberrypi" / "make-wheelhouse"
    machine = os.uname().machine
    sh("env", f"PYTHON={sys.executable}", str(maker), "--python", "3.13", "--machine", machine, str(folder))
    return folder


def version_of(wheels: Path) -> str:
    return next(wheels.glob(f"{PRODUCT}*.whl")).name.split("-")[1]


def another(wheels: Path, version: str, broken: bool = False) -> Path:
    """Return a folder beside `wheels` with the same release under another version, or one that cannot start."""
    folder = wheels.with_name(f"wheels-{version}")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for wheel in wheels.glob("*.whl"):
        if not wheel.name.startswith(PRODUCT):
            os.link(wheel, folder / wheel.name)
    old = version_of(wheels)
    made = folder / f"{PRODUCT}{version}-py3-none-any.whl"
    with zipfile.ZipFile(next(wheels.glob(f"{PRODUCT}*.whl"))) as source, zipfile.ZipFile(made, "w") as target:
        for name in source.namelist():
            content = _changed(name, source.read(name), old, version, broken)
            target.writestr(name.replace(f"{PRODUCT}{old}.dist-info", f"{PRODUCT}{version}.dist-info"), content)
    return folder


def _changed(name: str, content: bytes, old: str, version: str, broken: bool) -> bytes:
    if name == "kiosk/__init__.py" or name.endswith("dist-info/METADATA"):
        return re.sub(rf"(Version: |\"){re.escape(old)}".encode(), rf"\g<1>{version}".encode(), content, count=1)
    if name.endswith("dist-info/RECORD"):
        return content.replace(f"{PRODUCT}{old}.dist-info".encode(), f"{PRODUCT}{version}.dist-info".encode())
    return BROKEN.encode() if broken and name == "kiosk/__main__.py" else content
