"""The command line."""

from __future__ import annotations

from kiosk import runtime  # isort: skip - first, so that nothing is imported before the process is patched

import argparse
import sys
from collections.abc import Callable, Sequence

from kiosk import __version__, memory, settings
from kiosk.errors import KioskError
from kiosk.terminal.parsers import fleet, floors, google, keeping, office, people, provision, rooms, screens
from kiosk.terminal.parsers.lazily import Commands

GROUPS = (
    google.add_google,
    rooms.add_rooms,
    rooms.add_bookings,
    rooms.add_policies,
    screens.add_boards,
    screens.add_notices,
    screens.add_emergency,
    people.add_people,
    people.add_admin,
    office.add_services,
    office.add_problems,
    floors.add_plans,
    fleet.add_devices,
    provision.add_provision,
    office.add_webhooks,
    office.add_mail,
    office.add_look,
    office.add_audit,
    office.add_occupancy,
    office.add_monthly,
    keeping.add_backup,
    keeping.add_database,
)


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
    for add in GROUPS:
        add(commands)
    return parser


def _add_servers(commands: Commands) -> None:
    layout = argparse.RawDescriptionHelpFormatter
    serve = commands.add_parser(
        "serve", help="run the server", description=_settings_help("Run the server."), formatter_class=layout
    )
    only = "web: screens, pages and the API; work: synchronisation and all else that goes on by itself (campus)"
    serve.add_argument("--only", choices=("web", "work"), help=only)
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


def _settings_help(first: str) -> str:
    lines = [f"  {name}{f' ({default})' if default else ''}\n      {text}" for name, default, text in settings.table()]
    return "\n".join([first, "", "Settings are environment variables (default in brackets):", *lines])


def _serve(options: argparse.Namespace) -> int:
    chosen = settings.load()
    return _server(chosen)(chosen, only=options.only)


def _server(chosen: settings.Settings) -> Callable[..., int]:
    """Make the process what the server needs, and load what serves."""
    unused = memory.UNUSED if chosen.database_url.startswith("postgresql:") else (*memory.UNUSED, "psycopg2")
    memory.put_off(*memory.RARE, *(() if chosen.hub_url else memory.FOLLOWING))
    with memory.left_out(*unused):
        runtime.patch(chosen.async_mode)
        from kiosk import serving
    return serving.serve


def _demo(options: argparse.Namespace) -> int:
    from kiosk import demo

    return demo.run(options.rooms)


def _emulator(options: argparse.Namespace) -> int:
    from kiosk.emulator import cli

    return cli.run(options)


if __name__ == "__main__":
    sys.exit(main())
