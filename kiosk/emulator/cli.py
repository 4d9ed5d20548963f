"""The command `kiosk emulator`: its options, and the process that serves until a signal ends it."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from kiosk.emulator import faults
from kiosk.emulator.clock import Clock
from kiosk.emulator.faults import KINDS, Fault
from kiosk.emulator.quota import DEFAULTS
from kiosk.emulator.server import Emulator, read_world
from kiosk.emulator.service import FLAGS
from kiosk.emulator.tokens import write_key_file

_SCOPES = ("openid", "email", "profile", "https://www.googleapis.com/auth/calendar.readonly",
           "https://www.googleapis.com/auth/calendar.events")  # fmt: skip
_EPILOG = f"""\
The generated world is the domain kiosk.example. The service account of --credentials may act for every
member (domain-wide delegation); use these subjects:
  rooms-service@kiosk.example   writes on every room         (KIOSK_GOOGLE_SUBJECT)
  admin@kiosk.example           may read the Directory       (KIOSK_GOOGLE_ADMIN_SUBJECT)
Open the printed address in a browser to book, move and cancel meetings as somebody else.

--fault KIND[:key=value,...], as often as you like, for instance
  --fault status:status=503,probability=0.05 --fault slow:seconds=2,operation=Events.List,times=3
kinds: {", ".join(KINDS)}
keys:  operation, path (parts of the request's), times, status, reason, seconds, probability
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command."""
    parser.description = "Serve a stand-in for Google Calendar, the Directory and Google's sign-in."
    parser.epilog = _EPILOG
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8085, help="port, 0 for any free one (default: %(default)s)")
    _add_world(parser)
    _add_files(parser)
    _add_trouble(parser)


def _add_world(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--world", type=Path, metavar="FILE", help="start from this world file (JSON)")
    parser.add_argument("--rooms", type=int, default=12, metavar="N", help="make up N rooms (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="the same seed makes the same world")
    parser.add_argument("--database", type=Path, metavar="FILE", help="keep the world in this SQLite file; one that "
                        "holds a world already goes on with it (default: in memory)")  # fmt: skip
    parser.add_argument("--until-input-ends", action="store_true", help="end when standard input is closed, as it is "
                        "when the program that started this one is gone")  # fmt: skip
    parser.add_argument("--answer-delay", type=float, default=2.0, metavar="SECONDS",
                        help="how long a room takes to answer an invitation (default: %(default)s)")  # fmt: skip


def _add_files(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--credentials", type=Path, metavar="FILE", help="write a service account's key file here")
    parser.add_argument("--authorized-user", type=Path, metavar="FILE",
                        help="write the credentials of the rooms' service user here, as after its consent")  # fmt: skip
    parser.add_argument("--client", type=Path, metavar="FILE",
                        help="write the id and secret of a program that people sign in to here")  # fmt: skip


def _add_trouble(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--fault", type=_fault, action="append", default=[], metavar="KIND[:KEY=VALUE,...]",
                        help="something goes wrong, see below; may be repeated")  # fmt: skip
    parser.add_argument("--fault-seed", type=int, metavar="S", help="what chance decides (default: as --seed)")
    parser.add_argument("--clock-offset", type=float, default=0.0, metavar="SECONDS",
                        help="how far this clock is ahead of the machine's (default: %(default)s)")  # fmt: skip
    for name, most in DEFAULTS.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=int, default=most, metavar="N",
                            help="requests a minute, 0 for no limit (default: %(default)s)")  # fmt: skip
    parser.add_argument("--http-push", action="store_true", help="push messages may go to http addresses")
    parser.add_argument("--push-authority", metavar="FILE", default="",
                        help="certificates to trust at push addresses, beside the system's")  # fmt: skip
    parser.add_argument("--flag", action="append", default=[], choices=FLAGS,
                        help="one of Google's oddities; may be repeated")  # fmt: skip


def _fault(text: str) -> Fault:
    try:
        return faults.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def run(args: argparse.Namespace) -> int:
    """Serve until SIGINT or SIGTERM; returns the exit status."""
    try:
        emulator = _prepared(args)
    except OSError as error:
        return _failed(f"cannot listen on {args.host}:{args.port}: {error}")
    except (ValueError, KeyError, TypeError) as error:
        return _failed(f"cannot read the world file {args.world}: {error}")
    return _serve(emulator, args)


def _prepared(args: argparse.Namespace) -> Emulator:
    world = read_world(args.world) if args.world else None
    emulator = Emulator(
        world, rooms=args.rooms, seed=args.seed, database=args.database or ":memory:", host=args.host,
        port=args.port, answer_delay=args.answer_delay, clock=Clock(timedelta(seconds=args.clock_offset)),
        faults=args.fault, fault_seed=args.fault_seed, quota={name: getattr(args, name) for name in DEFAULTS},
        http_push=args.http_push,
    )  # fmt: skip
    emulator.service.pushes.authority = args.push_authority
    for flag in args.flag:
        emulator.service.set_flag(flag, True)
    return emulator


def _serve(emulator: Emulator, args: argparse.Namespace) -> int:
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    if args.until_input_ends:
        threading.Thread(target=_wait_for_end_of_input, args=(ended,), daemon=True).start()
    emulator.start()
    try:
        for path, write in _files(emulator, args):
            write(path)
        print(f"Emulator ready on {emulator.url}", flush=True)
        ended.wait()
    except OSError as error:
        return _failed(f"cannot write the credentials to {error.filename}: {error}")
    finally:
        emulator.stop()
    return 0


def _wait_for_end_of_input(ended: threading.Event) -> None:
    while sys.stdin.read(4096):
        pass
    ended.set()


def _files(emulator: Emulator, args: argparse.Namespace) -> list[tuple[Path, Callable[[Path], None]]]:
    """The files that were asked for, with what writes each."""
    person = emulator.world.service_user
    wanted: list[tuple[Path | None, Callable[[Path], None]]] = [
        (args.credentials, emulator.write_credentials),
        (args.authorized_user, lambda path: emulator.write_authorized_user(path, person, _SCOPES)),
        (args.client, lambda path: write_key_file(path, emulator.client.as_file(emulator.url))),
    ]
    return [(path, write) for path, write in wanted if path]


def _failed(sentence: str) -> int:
    print(f"kiosk emulator: {sentence}", file=sys.stderr)
    return 1


def main() -> int:
    """`python -m kiosk.emulator`."""
    parser = argparse.ArgumentParser(prog="kiosk emulator")
    add_arguments(parser)
    return run(parser.parse_args())
