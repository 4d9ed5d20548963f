"""The words about the machines of the fleet."""

from __future__ import annotations

import argparse

from kiosk.terminal.parsers.lazily import Commands, terminal

DEVICE = "the device's name or number"


def add_devices(commands: Commands) -> None:
    """Add devices."""
    devices = commands.add_parser("devices", help="the machines that show displays: pair, enrol and revoke them")
    acts = devices.add_subparsers(title="acts", metavar="ACT", required=True)
    listing = acts.add_parser("list", help="list the devices, what each shows and how it is")
    listing.add_argument("--json", action="store_true", help="print JSON")
    listing.set_defaults(run=terminal("devices.list_devices"))
    _add_enrol(acts)
    revoke = acts.add_parser("revoke", help="let a device in no more: it shows a pairing code at once")
    _about(revoke)
    revoke.add_argument("--forget", action="store_true", help="forget everything that is known of it as well")
    revoke.set_defaults(run=terminal("devices.revoke"))


def _add_enrol(acts: Commands) -> None:
    enrol = acts.add_parser(
        "enrol",
        help="let a machine in that keeps its own token",
        description="Let a machine in by the SHA-256 of the token that it has made and keeps. The same machine again, "
        "by its serial number or its token, is changed to what is said of it now.",
    )
    enrol.add_argument("name", help="what people call it")
    enrol.add_argument("display", choices=("door", "doors", "lobby", "floor"), help="the kind of display it shows")
    enrol.add_argument("slug", help="of what: a room's word, or several with + between them, a board's, a plan's")
    enrol.add_argument("token_sha256", metavar="SHA256", help="the SHA-256 of its token, in hexadecimal digits")
    known = {"serial": "its serial number", "model": "its model", "host-key": "the fingerprint of its SSH host key"}
    for name, what in known.items():
        enrol.add_argument(f"--{name}", default="", help=what)
    enrol.set_defaults(run=terminal("devices.enrol"))


def _about(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("device", help=DEVICE)
