"""The words about the connection with Google."""

from __future__ import annotations

from kiosk.terminal.parsers.lazily import Commands, terminal


def add_google(commands: Commands) -> None:
    """Add connecting, disconnecting and the doctor."""
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
    connect.set_defaults(run=terminal("google.connect"))
    disconnect = commands.add_parser("disconnect", help="take every room's calendar away and forget the credentials")
    disconnect.add_argument("--delete-bookings", action="store_true", help="delete future bookings made here in Google")
    disconnect.add_argument("--keep-rooms", action="store_true", help="forget the credentials only; rooms stay linked")
    disconnect.set_defaults(run=terminal("google.disconnect"))
    doctor = commands.add_parser(
        "doctor",
        help="say what works between this server and Google, and how to mend what does not",
        description="Look at the connection and at every linked room; the exit status is 1 when something fails.",
    )
    doctor.add_argument("rooms", nargs="*", metavar="ROOM", help="look at these rooms only")
    doctor.add_argument(
        "--operations", action="store_true", help="look at this server instead: its process, database, disk, messages"
    )
    doctor.add_argument("--all", action="store_true", help="print what is well, too")
    doctor.add_argument("--json", action="store_true", help="print JSON")
    doctor.set_defaults(run=terminal("doctor.doctor"))
