"""The command `kiosk emulator`: its options, and the process that serves until a signal ends it."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from pathlib import Path

from kiosk.emulator.server import Emulator, read_world

_EPILOG = """\
The generated world is the domain kiosk.example. The service account of --credentials may act for every
member (domain-wide delegation); use these subjects:
  rooms-service@kiosk.example   writes on every room         (KIOSK_GOOGLE_SUBJECT)
  admin@kiosk.example           may read the Directory       (KIOSK_GOOGLE_ADMIN_SUBJECT)
Open the printed address in a browser to book, move and cancel meetings as somebody else.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command."""
    parser.description = "Serve a stand-in for Google Calendar, the Directory and Google's token endpoint."
    parser.epilog = _EPILOG
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8085, help="port, 0 for any free one (default: %(default)s)")
    parser.add_argument("--world", type=Path, metavar="FILE", help="start from this world file (JSON)")
    parser.add_argument("--rooms", type=int, default=12, metavar="N", help="make up N rooms (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="the same seed makes the same world")
    parser.add_argument("--database", type=Path, metavar="FILE", help="keep the world in this SQLite file; one that "
                        "holds a world already goes on with it (default: in memory)")  # fmt: skip
    parser.add_argument("--credentials", type=Path, metavar="FILE", help="write a service account's key file here")
    parser.add_argument("--answer-delay", type=float, default=2.0, metavar="SECONDS",
                        help="how long a room takes to answer an invitation (default: %(default)s)")  # fmt: skip


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
    return Emulator(
        world, rooms=args.rooms, seed=args.seed, database=args.database or ":memory:", host=args.host,
        port=args.port, answer_delay=args.answer_delay,
    )  # fmt: skip


def _serve(emulator: Emulator, args: argparse.Namespace) -> int:
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    emulator.start()
    try:
        if args.credentials:
            emulator.write_credentials(args.credentials)
        print(f"Emulator ready on {emulator.url}", flush=True)
        ended.wait()
    except OSError as error:
        return _failed(f"cannot write the credentials to {args.credentials}: {error}")
    finally:
        emulator.stop()
    return 0


def _failed(sentence: str) -> int:
    print(f"kiosk emulator: {sentence}", file=sys.stderr)
    return 1


def main() -> int:
    """`python -m kiosk.emulator`."""
    parser = argparse.ArgumentParser(prog="kiosk emulator")
    add_arguments(parser)
    return run(parser.parse_args())
