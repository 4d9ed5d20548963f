"""What the command line says of the health of everything between this server and Google."""

from __future__ import annotations

import argparse
import json
import sys

from kiosk import assembly, clock
from kiosk.doctor import report, visit
from kiosk.doctor.findings import Finding
from kiosk.doctor.report import Report
from kiosk.settings import Settings
from kiosk.terminal.tables import open_parts

MARKS = {"pass": "ok  ", "warn": "WARN", "fail": "FAIL"}


def doctor(settings: Settings, options: argparse.Namespace) -> int:
    """Print what works and what does not; the exit status is 1 when something has failed."""
    parts = open_parts(settings)
    findings: list[Finding] = []
    for finding in visit.examine(assembly.practice(parts), options.rooms, _progress):
        findings.append(finding)
        if not options.json:
            _print(finding, options.all)
    made = Report(clock.now(), tuple(findings))
    if not options.rooms:
        report.keep(parts.store, made)
    if options.json:
        print(json.dumps(made.as_json(), indent=2, ensure_ascii=False))
    else:
        print(f"{made.count('pass')} passed, {made.count('warn')} warnings, {made.count('fail')} failed.")
    return 1 if made.count("fail") else 0


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
