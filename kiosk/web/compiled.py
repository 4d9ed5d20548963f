"""Templates as they were compiled before: beside what Python keeps of the package, and by whom it may write there."""

from __future__ import annotations

import sys
from contextlib import suppress

from flask import Flask
from jinja2 import FileSystemBytecodeCache
from jinja2.bccache import Bucket

from kiosk import __version__
from kiosk.resources import PACKAGE

FOLDER = "__pycache__"


class Kept(FileSystemBytecodeCache):
    """Compiled templates in a folder; one that has changed is compiled anew, and kept where that is possible."""

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep a template, but where Python may not keep anything, or nothing can be written."""
        if not sys.dont_write_bytecode:
            with suppress(OSError):
                super().dump_bytecode(bucket)


def install(web: Flask, package: str = str(PACKAGE)) -> None:
    """Keep what is compiled, where nobody else does: compiling takes a fifth of the start."""
    web.jinja_env.bytecode_cache = web.jinja_env.bytecode_cache or Kept(
        f"{package}/{FOLDER}", f"template-{__version__}-%s.cache"
    )
