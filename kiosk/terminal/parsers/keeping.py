"""The words about keeping everything in a file, and having it back."""

from __future__ import annotations

import argparse

from kiosk.terminal.parsers.lazily import Commands, terminal


def add_backup(commands: Commands) -> None:
    """Add backup and restore."""
    backup = commands.add_parser(
        "backup",
        help="write everything into one file, while the server runs",
        description="Write the database and the secrets into one file, while the server runs. Secrets are sealed with "
        "a passphrase, which is asked for or read from the input.",
    )
    backup.add_argument("file", help="the file to write, such as kiosk-2026-08-10.tar")
    backup.add_argument("--overwrite", action="store_true", help="write over a file that is there")
    _about_secrets(backup, "leave secrets out; they must be entered again after a restore")
    backup.set_defaults(run=terminal("backup.backup"))
    restore = commands.add_parser(
        "restore",
        help="put what a backup holds in the place of what is here",
        description="Put what a backup holds in the place of what is here, after checking all of it. The server must "
        "not run. A machine that loses its power meanwhile has the old state, or the new one.",
    )
    restore.add_argument("file", help="a file that `kiosk backup` has written")
    restore.add_argument("--overwrite", action="store_true", help="replace the database that is here; it is lost")
    _about_secrets(restore, "do without the secrets in the file")
    restore.set_defaults(run=terminal("backup.restore"))


def add_database(commands: Commands) -> None:
    """Add what is done about the database as a whole."""
    database = commands.add_parser("database", help="move everything to another database")
    acts = database.add_subparsers(dest="act", required=True, metavar="ACT")
    move = acts.add_parser(
        "move",
        help="move everything to another database, such as PostgreSQL",
        description="Carry everything from the database of KIOSK_DATABASE_URL to another one, which must be empty, and "
        "compare both. The server must not run. It is all there in the end, or nothing is: then move it again.",
    )
    move.add_argument("address", help="postgresql://USER@HOST/NAME, or sqlite:///PATH to go back")
    move.set_defaults(run=terminal("database.move"))


def _about_secrets(parser: argparse.ArgumentParser, without: str) -> None:
    ways = parser.add_mutually_exclusive_group()
    ways.add_argument("--without-secrets", action="store_true", help=without)
    ways.add_argument("--passphrase-file", default="", metavar="PATH", help="read the passphrase from this file")
