"""What the command line says of the health of everything between this server and Google."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator

from kiosk import assembly, clock
from kiosk.doctor import operations, report, visit
from kiosk.doctor.findings import Finding
from kiosk.doctor.operations import Operations
from kiosk.doctor.report import Report
from kiosk.errors import UsageError
from kiosk.settings import Settings
from kiosk.terminal.tables import open_parts

MARKS = {"pass": "ok  ", "warn": "WARN", "fail": "FAIL"}


def doctor(settings: Settings, options: argparse.Namespace) -> int:
    """Print what works and what does not; the exit status is 1 when something has failed."""
    if options.operations and options.rooms:
        raise UsageError("--operations is about this server, not about rooms: leave one of them out.")
    parts = open_parts(settings)
    findings: list[Finding] = []
    for finding in _looked_at(parts, options):
        findings.append(finding)
        if not options.json:
            _print(finding, options.all)
    made = Report(clock.now(), tuple(findings))
    if not options.rooms and not options.operations:
        report.keep(parts.store, made)
    if options.json:
        print(json.dumps(made.as_json(), indent=2, ensure_ascii=False))
    else:
        print(f"{made.count('pass')} passed, {made.count('warn')} warnings, {made.count('fail')} failed.")
    return 1 if made.count("fail") else 0


def _looked_at(parts: assembly.Parts, options: argparse.Namespace) -> Iterator[Finding]:
    if options.operations:
        return operations.examine(Operations(parts.store, parts.settings, clock.now, operations.status))
    return visit.examine(assembly.practice(parts), options.rooms, _progress)


def _print(finding: Finding, everything: bool) -> None:
    if finding.verdict == "pass" and not everything:
        return
    print(f"{MARKS[finding.verdict]}  {finding.subject}  {finding.check}: {finding.says}")
    if finding.repair:
        print(f"      → {finding.repair}")
    for value in finding.paste:
        print(f"        {value}")


def _progress(done: int, everything: int) -> None:
    if sys.stderr.isatty() and everything:
        print(f"\r{done} of {everything} rooms", end="\n" if done == everything else "", file=sys.stderr, flush=True)
