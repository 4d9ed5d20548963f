"""The command line."""

from __future__ import annotations

from kiosk import runtime  # isort: skip - first, so that nothing is imported before the process is patched

import argparse
import importlib
import sys
from collections.abc import Sequence

from kiosk import __version__, settings
from kiosk.errors import KioskError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status; errors are one sentence on standard error."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options) or 0)
    except KioskError as error:
        print(f"kiosk: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="kiosk", description="Room displays for Google Workspace.")
    parser.add_argument("--version", action="version", version=f"kiosk {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_servers(commands)
    _add_google(commands)
    _add_rooms(commands)
    _add_bookings(commands)
    _add_policies(commands)
    _add_people(commands)
    _add_admin(commands)
    _add_services(commands)
    _add_webhooks(commands)
    _add_notices(commands)
    _add_emergency(commands)
    _add_audit(commands)
    return parser


def _add_servers(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    layout = argparse.RawDescriptionHelpFormatter
    serve = commands.add_parser(
        "serve", help="run the server", description=_settings_help("Run the server."), formatter_class=layout
    )
    serve.set_defaults(run=_serve)
    demo = commands.add_parser(
        "demo",
        help="run the server beside a stand-in for Google",
        description=_settings_help("Run the server with a sample building, beside a stand-in for Google."),
        formatter_class=layout,
    )
    demo.add_argument("--rooms", type=int, default=8, help="how many rooms the sample building has (8)")
    demo.set_defaults(run=_demo)
    emulator = commands.add_parser("emulator", help="run a stand-in for Google Calendar and the Directory")
    if "emulator" in sys.argv[1:2]:
        from kiosk.emulator import cli

        cli.add_arguments(emulator)
    emulator.set_defaults(run=_emulator)


def _add_google(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    connect = commands.add_parser(
        "connect",
        help="connect Google with a file of credentials, or say what is connected",
        description="Try the credentials in a file and, if Google accepts them, use them from now on; a running server "
        "notices. Without a file, say what is connected. docs/connect-google.md tells how to get one.",
    )
    connect.add_argument("file", nargs="?", metavar="FILE", help="a service account's key, or an authorized user")
    connect.add_argument("--subject", default="", metavar="EMAIL", help="user a service account acts as on calendars")
    connect.add_argument("--admin-subject", default="", metavar="EMAIL", help="user it acts as to read the Directory")
    connect.add_argument("--json", action="store_true", help="print what is connected as JSON")
    connect.set_defaults(run=_terminal("google.connect"))
    disconnect = commands.add_parser("disconnect", help="take every room's calendar away and forget the credentials")
    disconnect.add_argument("--delete-bookings", action="store_true", help="delete future bookings made here in Google")
    disconnect.add_argument("--keep-rooms", action="store_true", help="forget the credentials only; rooms stay linked")
    disconnect.set_defaults(run=_terminal("google.disconnect"))
    doctor = commands.add_parser(
        "doctor",
        help="say what works between this server and Google, and how to mend what does not",
        description="Look at the connection and at every linked room; the exit status is 1 when something fails.",
    )
    doctor.add_argument("rooms", nargs="*", metavar="ROOM", help="look at these rooms only")
    doctor.add_argument("--all", action="store_true", help="print what is well, too")
    doctor.add_argument("--json", action="store_true", help="print JSON")
    doctor.set_defaults(run=_terminal("doctor.doctor"))


def _add_rooms(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    rooms = commands.add_parser(
        "rooms", help="list, add, import, edit, link, unlink and synchronise rooms, and have changes announced"
    )
    acts = rooms.add_subparsers(title="acts", metavar="ACT", required=True)
    listing = acts.add_parser("list", help="list the rooms and how fresh they are")
    listing.add_argument("--json", action="store_true", help="print JSON")
    listing.set_defaults(run=_terminal("rooms.list_rooms"))
    add = acts.add_parser("add", help="add a room")
    add.add_argument("name", help="the name on its door")
    add.add_argument("--slug", help="its word in addresses; made from the name if left out")
    add.add_argument("--zone", help="its time zone, such as Europe/Berlin (KIOSK_TIMEZONE)")
    add.add_argument("--building", default="")
    add.add_argument("--floor", default="")
    add.add_argument("--capacity", type=int, default=0, help="how many people it seats")
    add.add_argument("--calendar", help="address of its Google resource calendar, to link it at once")
    add.set_defaults(run=_terminal("rooms.add_room"))
    acts.add_parser("import", help="import and link every room of the Google Directory").set_defaults(
        run=_terminal("rooms.import_rooms")
    )
    _add_room_edits(acts)
    _add_links(acts)
    push = acts.add_parser("push", help="have Google announce a room's changes, or not")
    push.add_argument("slug")
    push.add_argument("wish", choices=("on", "off"))
    push.set_defaults(run=_terminal("rooms.push_room"))


def _add_room_edits(acts: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    edit = acts.add_parser("edit", help="change a room's name, place, size, equipment or address; the rest stays")
    edit.add_argument("slug")
    edit.add_argument("--name", help="the name on its door")
    edit.add_argument("--new-slug", metavar="SLUG", help="another word in addresses: its screens move to it")
    edit.add_argument("--zone", help="its time zone; a linked room has its calendar's")
    edit.add_argument("--building")
    edit.add_argument("--floor")
    edit.add_argument("--capacity", type=int, help="how many people it seats")
    edit.add_argument("--equipment", help="such as Screen,Whiteboard")
    edit.add_argument("--follow-directory", action="store_true", help="have the Directory's properties again")
    edit.set_defaults(run=_terminal("rooms.edit_room"))
    remove = acts.add_parser("remove", help="delete a room that is not linked")
    remove.add_argument("slug")
    remove.add_argument("--yes", action="store_true", help="its future bookings may go")
    remove.set_defaults(run=_terminal("rooms.remove_room"))


def _add_links(acts: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    link = acts.add_parser("link", help="give a room its Google resource calendar")
    link.add_argument("slug")
    link.add_argument("calendar", help="such as c_188…@resource.calendar.google.com")
    link.add_argument("--yes", action="store_true", help="the room's own future bookings may be deleted")
    link.set_defaults(run=_terminal("rooms.link_room"))
    unlink = acts.add_parser("unlink", help="take a room's calendar away, and all that is managed there")
    unlink.add_argument("slug")
    ours = unlink.add_mutually_exclusive_group()
    ours.add_argument("--delete-bookings", action="store_true", help="delete in Google what was booked here")
    ours.add_argument("--leave-bookings", action="store_true", help="leave it there (so, unless you say otherwise)")
    unlink.set_defaults(run=_terminal("rooms.unlink_room"))
    sync = acts.add_parser("sync", help="read a room's calendar anew, now")
    sync.add_argument("slug")
    sync.set_defaults(run=_terminal("rooms.sync_room"))


def _add_bookings(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    bookings = commands.add_parser("bookings", help="list bookings")
    acts = bookings.add_subparsers(title="acts", metavar="ACT", required=True)
    listing = acts.add_parser("list", help="list the bookings of a room, a day or a person")
    listing.add_argument("--room", help="its word in addresses; all rooms if left out")
    listing.add_argument("--day", help="such as 2026-08-10; today if left out")
    listing.add_argument("--days", type=int, default=1, help="how many days (1)")
    listing.add_argument("--person", default="", help="a part of somebody's name or address")
    listing.add_argument("--words", default="", help="words of the title, the room's name or the person")
    kinds = ("all", "own", "external", "anonymous", "held")
    listing.add_argument("--kind", choices=kinds, default="all", help="made here, in Google, by nobody known, or held")
    listing.add_argument("--json", action="store_true", help="print JSON")
    listing.set_defaults(run=_terminal("bookings.list_bookings"))


def _add_policies(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    policy = commands.add_parser(
        "policy",
        help="show or change what may be booked at rooms, by whom, and what must be checked in",
        description="Show what holds in a room, or in every room that says nothing else; with NAME=VALUE change it "
        "first. NAME= goes back to what is inherited. docs/policies.md explains each name.",
        usage="kiosk policy [-h] [--json] [ROOM | --building NAME [--floor NAME]] [NAME=VALUE ...]",
    )
    policy.add_argument("--building", default="", help="what holds in a building, and in rooms that say nothing else")
    policy.add_argument("--floor", default="", help="what holds on one of its floors")
    policy.add_argument("words", nargs="*", metavar="ROOM, NAME=VALUE", help="a room's word in addresses, and changes")
    policy.add_argument("--json", action="store_true", help="print JSON")
    policy.set_defaults(run=_terminal("policy.policy"))


def _add_people(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    people = commands.add_parser(
        "people", help="give people a PIN, with which they book at a panel in their own name, or forget them"
    )
    acts = people.add_subparsers(title="acts", metavar="ACT", required=True)
    listing = acts.add_parser("list", help="list the people who have a PIN")
    listing.add_argument("--json", action="store_true", help="print JSON")
    listing.set_defaults(run=_terminal("people.list_people"))
    pin = acts.add_parser(
        "pin",
        help="give somebody a PIN of 4 to 8 digits, or another one",
        description="Give somebody a PIN of 4 to 8 digits. It is asked for at the terminal, or read from the input.",
    )
    pin.add_argument("email", help="the person's main address in Google Workspace")
    pin.add_argument("--remove", action="store_true", help="take the PIN away")
    pin.set_defaults(run=_terminal("people.set_pin"))
    forget = acts.add_parser("forget", help="say, or change, after how many days names are forgotten")
    forget.add_argument("days", nargs="?", help="days after a booking, or never")
    forget.set_defaults(run=_terminal("audit.forget_names"))
    erase = acts.add_parser(
        "erase",
        help="forget somebody in everything that is over, at their request",
        description="Take a person's name out of past bookings, check-ins, the log of acts, requests and messages, "
        "with their PIN and sessions. Bookings still to come are Google's and stay.",
    )
    erase.add_argument("email")
    erase.set_defaults(run=_terminal("audit.erase_person"))


def _add_admin(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    admin = commands.add_parser("admin", help="manage access: accounts of people, tokens of screens and programs")
    acts = admin.add_subparsers(title="acts", metavar="ACT", required=True)
    _add_accounts(acts)
    token = acts.add_parser("token", help="make an access token for a screen or a program, list or revoke them")
    what = token.add_mutually_exclusive_group(required=True)
    what.add_argument("name", nargs="?", help="what the token is for; it is printed once")
    what.add_argument("--list", action="store_true", help="list the tokens")
    what.add_argument("--revoke", metavar="NAME", help="make a token worthless")
    token.add_argument("--json", action="store_true", help="print the list as JSON")
    token.set_defaults(run=_terminal("access.token"))


def _add_accounts(acts: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    password = acts.add_parser(
        "password",
        help="give an account a password, and the account itself where there is none",
        description="Give an account of the administration a password, adding the account where there is none. "
        "The password is asked for at the terminal, or read from the input.",
    )
    password.add_argument("email")
    password.add_argument(
        "--role", choices=("admin", "manager", "caterer", "viewer"), help="its role; admin for a new account"
    )
    password.add_argument(
        "--scope", nargs="*", metavar="WHAT", help="a manager's rooms (their words in addresses), a caterer's buildings"
    )
    password.set_defaults(run=_terminal("access.set_password"))
    listing = acts.add_parser("list", help="list the accounts")
    listing.add_argument("--json", action="store_true", help="print JSON")
    listing.set_defaults(run=_terminal("access.list_accounts"))
    remove = acts.add_parser("remove", help="take an account away and sign it out everywhere")
    remove.add_argument("email")
    remove.set_defaults(run=_terminal("access.remove_account"))


def _add_services(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    services = commands.add_parser("services", help="what buildings offer with a booking, and what was asked for")
    acts = services.add_subparsers(title="acts", metavar="ACT", required=True)
    for name, text in (("list", "list what buildings offer"), ("requests", "list what was asked for")):
        listing = acts.add_parser(name, help=text)
        listing.add_argument("--json", action="store_true", help="print JSON")
        listing.set_defaults(run=_terminal("services.list_services" if name == "list" else "services.list_requests"))
    add = acts.add_parser("add", help="let a building offer something")
    add.add_argument("building", help="as the rooms name it; '' for rooms that name none")
    add.add_argument("name")
    add.add_argument("--detail", default="", help="what it is")
    add.add_argument("--lead", type=int, default=60, help="minutes before the booking until which it is asked for (60)")
    add.set_defaults(run=_terminal("services.add_service"))
    edit = acts.add_parser("edit", help="change what a building offers, or offer it no longer")
    edit.add_argument("number", type=int)
    edit.add_argument("--name")
    edit.add_argument("--detail")
    edit.add_argument("--lead", type=int)
    edit.add_argument("--offer", choices=("on", "off"))
    edit.set_defaults(run=_terminal("services.edit_service"))
    answer = acts.add_parser("answer", help="accept, decline or finish what was asked for")
    answer.add_argument("number", type=int, help="of the request")
    answer.add_argument("state", choices=("accepted", "declined", "done"))
    answer.add_argument("answer", nargs="?", default="", help="a word to whoever asked")
    answer.set_defaults(run=_terminal("services.answer_request"))


def _add_webhooks(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    webhooks = commands.add_parser("webhooks", help="tell other programs what happens")
    acts = webhooks.add_subparsers(title="acts", metavar="ACT", required=True)
    listing = acts.add_parser("list", help="list the webhooks and how their last delivery ended")
    listing.add_argument("--json", action="store_true", help="print JSON")
    listing.set_defaults(run=_terminal("webhooks.list_webhooks"))
    add = acts.add_parser("add", help="add a webhook; its secret is printed once")
    add.add_argument("url", help="such as https://example.org/rooms")
    add.add_argument("events", nargs="*", help="what it is told of, such as booking.confirmed; everything if left out")
    add.set_defaults(run=_terminal("webhooks.add_webhook"))
    for name, text in (("test", "send it a trial, here and now"), ("remove", "tell it nothing any more")):
        act = acts.add_parser(name, help=text)
        act.add_argument("number", type=int)
        act.set_defaults(run=_terminal(f"webhooks.{name}_webhook"))
    switch = acts.add_parser("switch", help="tell it things again, or not for a while")
    switch.add_argument("number", type=int)
    switch.add_argument("wish", choices=("on", "off"))
    switch.set_defaults(run=_terminal("webhooks.switch_webhook"))


def _add_notices(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    notices = commands.add_parser("notices", help="what screens say beside their rooms")
    acts = notices.add_subparsers(title="acts", metavar="ACT", required=True)
    listing = acts.add_parser("list", help="list what runs, comes and is over")
    listing.add_argument("--json", action="store_true", help="print JSON")
    listing.set_defaults(run=_terminal("notices.list_notices"))
    add = acts.add_parser("add", help="write a notice")
    add.add_argument("title")
    add.add_argument("--level", choices=("info", "warning"), default="info", help="how urgent it is (info)")
    add.add_argument("--from", dest="start", default="", metavar="TIME", help="such as 2026-08-10T10:00 (now)")
    add.add_argument("--until", dest="end", default="", metavar="TIME", help="8 hours later, if left out")
    _add_targets(add)
    add.set_defaults(run=_terminal("notices.add_notice"))
    end = acts.add_parser("end", help="end a notice now")
    end.add_argument("number", type=int)
    end.set_defaults(run=_terminal("notices.end_notice"))


def _add_emergency(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    emergency = commands.add_parser("emergency", help="take over every screen at once, until it is ended")
    acts = emergency.add_subparsers(title="acts", metavar="ACT", required=True)
    start = acts.add_parser("start", help="start an emergency: the screens show it within two seconds")
    start.add_argument("title", help="huge on every screen")
    _add_targets(start)
    start.set_defaults(run=_terminal("notices.start_emergency"))
    end = acts.add_parser("end", help="end an emergency, or all that are on")
    end.add_argument("number", type=int, nargs="?")
    end.set_defaults(run=_terminal("notices.end_emergency"))
    status = acts.add_parser(
        "status",
        help="say which screens show it",
        description="Say of each screen whether it shows the emergency. The exit status is 3 while one does not.",
    )
    status.add_argument("--json", action="store_true", help="print JSON")
    status.set_defaults(run=_terminal("notices.status"))


def _add_targets(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--text", default="", help="what else there is to say")
    parser.add_argument("--building", default="", help="its screens only; all screens if nothing is said")
    parser.add_argument("--floor", default="", help="one floor of that building")
    parser.add_argument("--room", default="", metavar="SLUG", help="the screens of one room")
    parser.add_argument("--screen", default="", metavar="DISPLAY/SLUG", help="one screen, such as lobby/all")


def _add_audit(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    audit = commands.add_parser("audit", help="search the log of acts: who did what, from where")
    for name in ("actor", "act", "room", "result", "text"):
        audit.add_argument(f"--{name}", default="", help="a slug" if name == "room" else "a part of it")
    audit.add_argument("--from", dest="since", default="", metavar="DAY", help="such as 2026-08-10")
    audit.add_argument("--to", dest="until", default="", metavar="DAY", help="that day too")
    form = audit.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print everything that matches as JSON")
    form.add_argument("--csv", action="store_true", help="print everything that matches as CSV")
    audit.set_defaults(run=_terminal("audit.audit"))


def _settings_help(first: str) -> str:
    lines = [f"  {name}{f' ({default})' if default else ''}\n      {text}" for name, default, text in settings.table()]
    return "\n".join([first, "", "Settings are environment variables (default in brackets):", *lines])


def _serve(_options: argparse.Namespace) -> int:
    chosen = settings.load()
    runtime.patch(chosen.async_mode)
    from kiosk import serving

    return serving.serve(chosen)


def _demo(options: argparse.Namespace) -> int:
    from kiosk import demo

    return demo.run(options.rooms)


def _emulator(options: argparse.Namespace) -> int:
    from kiosk.emulator import cli

    return cli.run(options)


def _terminal(name: str) -> object:
    """Return what runs an act, named "module.function"; only that module, and what it needs, is loaded for it."""
    module, _, function = name.partition(".")

    def run(options: argparse.Namespace) -> int:
        act = getattr(importlib.import_module(f"kiosk.terminal.{module}"), function)
        return int(act(settings.load(), options) or 0)

    return run


if __name__ == "__main__":
    sys.exit(main())
