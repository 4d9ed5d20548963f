"""What the command line does about the database as a whole: to move it to another one."""

from __future__ import annotations

import argparse
from contextlib import closing

from kiosk.errors import SettingError, UsageError
from kiosk.settings import Settings, load
from kiosk.store import moving, snapshots
from kiosk.store.database import Store


def move(settings: Settings, options: argparse.Namespace) -> None:
    """Carry everything to another database, and say what is left to do; the one it was in stays as it is."""
    here, there = settings.database_url, _address(options.address)
    if here == there:
        raise UsageError("That is the database that is in use: name another one.")
    if settings.database_file and not settings.database_file.exists():
        raise UsageError(f"There is no database {settings.database_file}: see KIOSK_DATABASE_URL.")
    _refuse_while_in_use(here, there)
    with closing(Store(here)) as source, closing(Store(there)) as target:
        print(f"From {source.place} to {target.place}:")
        # Nobody else writes meanwhile, neither here nor there.
        found = source.write(lambda out: target.write_durably(moving.take, out, _tell))
    print(f"{sum(found.values())} rows of {len(found)} tables are there, compared row by row.")
    print("Now set KIOSK_DATABASE_URL to the new address, and start the server; the old database stays as it was.")


def _address(text: str) -> str:
    try:
        return load({"KIOSK_DATABASE_URL": text}).database_url
    except SettingError as error:
        raise UsageError(f"{text} is no address of a database ({error})") from error


def _refuse_while_in_use(*urls: str) -> None:
    for url in urls:
        if snapshots.is_in_use(url):
            raise UsageError("A server works with one of the two: stop it first (systemctl stop kiosk-server).")


def _tell(table: str, count: int) -> None:
    if count:
        print(f"  {table}: {count}", flush=True)
