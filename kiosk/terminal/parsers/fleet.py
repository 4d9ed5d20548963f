"""The words about the machines of the fleet."""

from __future__ import annotations

import argparse

from kiosk.terminal.parsers.lazily import Commands, terminal

DISPLAYS = ("door", "doors", "lobby", "floor")
SLUG = "of what: a room's word, two or three with + between them, a board's, a plan's"
# The words of the command line, and what a device is asked by each.
ASKED = {
    "identify": ("identify", "let its screen blink for some seconds"),
    "reload": ("reload", "load its page anew"),
    "restart": ("restart_display", "restart its display"),
    "reboot": ("reboot", "restart the machine"),
    "screenshot": ("screenshot", "take a picture of its screen, to be seen in the administration"),
    "logs": ("collect_logs", "have it send its logs, to be seen in the administration"),
    "on": ("screen_on", "switch its screen on"),
    "off": ("screen_off", "switch its screen off"),
}


def add_devices(commands: Commands) -> None:
    """Add devices."""
    devices = commands.add_parser("devices", help="the machines that show displays: pair, look after, revoke them")
    acts = devices.add_subparsers(title="acts", metavar="ACT", required=True)
    listing = acts.add_parser("list", help="list the devices, what each shows and how it is")
    listing.add_argument("--json", action="store_true", help="print JSON")
    listing.set_defaults(run=terminal("devices.list_devices"))
    _add_pair(acts)
    _add_enrol(acts)
    revoke = _add(acts, "revoke", "let a device in no more: it shows a pairing code at once")
    revoke.add_argument("--forget", action="store_true", help="forget everything that is known of it as well")
    _add(acts, "rotate", "have a device take another token")
    change = _add(acts, "change", "say what a device does otherwise than the rooms that it shows")
    change.add_argument(
        "words", nargs="+", metavar="NAME=VALUE", help="light=… or theme=…; light= does as the rooms do"
    )
    for word, (act, what) in ASKED.items():
        _add(acts, word, what).set_defaults(run=terminal("devices.ask"), act=act)
    brightness = _add(acts, "brightness", "set how bright its screen is")
    brightness.add_argument("value", metavar="PERCENT", help="1 to 100")
    brightness.set_defaults(run=terminal("devices.ask"), act="brightness")


def _add_pair(acts: Commands) -> None:
    pair = acts.add_parser("pair", help="let in the screen that shows a code, and say what it shows from then on")
    pair.add_argument("code", help="the code on the screen")
    pair.add_argument("display", choices=DISPLAYS, help="the kind of display")
    pair.add_argument("slug", help=SLUG)
    pair.add_argument("--name", help="what people call it")
    pair.set_defaults(run=terminal("devices.pair"))


def _add_enrol(acts: Commands) -> None:
    enrol = acts.add_parser(
        "enrol",
        help="let a machine in that keeps its own token",
        description="Let a machine in by the SHA-256 of the token that it has made and keeps. The same machine again, "
        "by its serial number or its token, is changed to what is said of it now.",
    )
    enrol.add_argument("name", help="what people call it")
    enrol.add_argument("display", choices=DISPLAYS, help="the kind of display it shows")
    enrol.add_argument("slug", help=SLUG)
    enrol.add_argument("token_sha256", metavar="SHA256", help="the SHA-256 of its token, in hexadecimal digits")
    known = {"serial": "its serial number", "model": "its model", "host-key": "the fingerprint of its SSH host key"}
    for name, what in known.items():
        enrol.add_argument(f"--{name}", default="", help=what)
    enrol.set_defaults(run=terminal("devices.enrol"))


def _add(acts: Commands, word: str, what: str) -> argparse.ArgumentParser:
    parser = acts.add_parser(word, help=what)
    parser.add_argument("device", help="the device's name or number")
    parser.set_defaults(run=terminal(f"devices.{word}"))
    return parser
