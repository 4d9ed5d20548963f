"""What a parser says of the act it is for: its name only, so that nothing is loaded to print help."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Callable
from typing import TypeAlias

from kiosk import settings

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def terminal(name: str) -> Callable[[argparse.Namespace], int]:
    """Return what runs an act, named "module.function"; only that module, and what it needs, is loaded for it."""
    module, _, function = name.partition(".")

    def run(options: argparse.Namespace) -> int:
        act = getattr(importlib.import_module(f"kiosk.terminal.{module}"), function)
        return int(act(settings.load(), options) or 0)

    return run
