"""The words about rooms, their bookings and their policies."""

from __future__ import annotations

from kiosk.terminal.parsers.lazily import Commands, terminal


def add_rooms(commands: Commands) -> None:
    """Add what is done about rooms."""
    rooms = commands.add_parser(
        "rooms", help="list, add, import, edit, link, unlink and synchronise rooms, and have changes announced"
    )
    acts = rooms.add_subparsers(title="acts", metavar="ACT", required=True)
    listing = acts.add_parser("list", help="list the rooms and how fresh they are")
    listing.add_argument("--json", action="store_true", help="print JSON")
    listing.set_defaults(run=terminal("rooms.list_rooms"))
    add = acts.add_parser("add", help="add a room")
    add.add_argument("name", help="the name on its door")
    add.add_argument("--slug", help="its word in addresses; made from the name if left out")
    add.add_argument("--zone", help="its time zone, such as Europe/Berlin (KIOSK_TIMEZONE)")
    add.add_argument("--building", default="")
    add.add_argument("--floor", default="")
    add.add_argument("--capacity", type=int, default=0, help="how many people it seats")
    add.add_argument("--calendar", help="address of its Google resource calendar, to link it at once")
    add.set_defaults(run=terminal("rooms.add_room"))
    bring = acts.add_parser("import", help="import and link every room of the Google Directory")
    bring.add_argument(
        "--namesakes",
        choices=("link", "add"),
        help="where a room of the same name is here without a calendar: link that one, or add a second; else neither",
    )
    bring.set_defaults(run=terminal("rooms.import_rooms"))
    _add_room_edits(acts)
    _add_links(acts)
    push = acts.add_parser("push", help="have Google announce a room's changes, or not")
    push.add_argument("slug")
    push.add_argument("wish", choices=("on", "off"))
    push.set_defaults(run=terminal("rooms.push_room"))


def _add_room_edits(acts: Commands) -> None:
    edit = acts.add_parser("edit", help="change a room's name, place, size, equipment or address; the rest stays")
    edit.add_argument("slug")
    edit.add_argument("--name", help="the name on its door")
    says = "its new word in addresses: its door is then at /door/SLUG, and its screens must be pointed there"
    edit.add_argument("--new-slug", metavar="SLUG", help=says)
    edit.add_argument("--zone", help="its time zone; a linked room has its calendar's")
    edit.add_argument("--building")
    edit.add_argument("--floor")
    edit.add_argument("--capacity", type=int, help="how many people it seats")
    edit.add_argument("--equipment", help="such as Screen,Whiteboard")
    edit.add_argument("--follow-directory", action="store_true", help="have the Directory's properties again")
    edit.set_defaults(run=terminal("rooms.edit_room"))
    remove = acts.add_parser("remove", help="delete a room that is not linked")
    remove.add_argument("slug")
    remove.add_argument("--yes", action="store_true", help="its future bookings may go")
    remove.set_defaults(run=terminal("rooms.remove_room"))


def _add_links(acts: Commands) -> None:
    link = acts.add_parser("link", help="give a room its Google resource calendar")
    link.add_argument("slug")
    link.add_argument("calendar", help="such as c_188…@resource.calendar.google.com")
    link.add_argument(
        "--yes", type=int, default=0, metavar="COUNT", help="so many of the room's own future bookings may be deleted"
    )
    link.set_defaults(run=terminal("rooms.link_room"))
    unlink = acts.add_parser("unlink", help="take a room's calendar away, and all that is managed there")
    unlink.add_argument("slug")
    ours = unlink.add_mutually_exclusive_group()
    ours.add_argument("--delete-bookings", action="store_true", help="delete in Google what was booked here")
    ours.add_argument("--leave-bookings", action="store_true", help="leave it there (so, unless you say otherwise)")
    unlink.set_defaults(run=terminal("rooms.unlink_room"))
    sync = acts.add_parser("sync", help="read a room's calendar anew, now")
    sync.add_argument("slug")
    sync.set_defaults(run=terminal("rooms.sync_room"))


def add_bookings(commands: Commands) -> None:
    """Add what is done about bookings."""
    bookings = commands.add_parser("bookings", help="list, reject and delete bookings")
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
    listing.set_defaults(run=terminal("bookings.list_bookings"))
    for name, text in (
        ("reject", "release the room from a meeting, where the policy owners-release is on; the meeting itself stays"),
        ("delete", "delete what was booked at a panel in nobody's name"),
    ):
        act = acts.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
        act.add_argument("id", help="of the booking, as `kiosk bookings list` shows it")
        act.add_argument("--room", default="", help="which of its rooms is meant, where it has several")
        act.set_defaults(run=terminal(f"bookings.{name}_booking"))


def add_policies(commands: Commands) -> None:
    """Add policies."""
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
    policy.set_defaults(run=terminal("policy.policy"))
