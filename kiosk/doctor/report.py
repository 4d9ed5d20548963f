"""The last visit of the doctor, kept for whoever asks later."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime

from kiosk.doctor.findings import VERDICTS, Finding, Verdict
from kiosk.store import facts
from kiosk.store.database import Store
from kiosk.store.models import instant, milliseconds

FACT = "doctor"


@dataclass(frozen=True, slots=True)
class Report:
    """All lines of a visit that ended `at`."""

    at: datetime
    findings: tuple[Finding, ...]

    def count(self, verdict: Verdict) -> int:
        """Return how many lines have that verdict."""
        return sum(1 for one in self.findings if one.verdict == verdict)

    def with_verdict(self, verdict: Verdict) -> list[Finding]:
        """Return the lines with that verdict, in their order."""
        return [one for one in self.findings if one.verdict == verdict]

    def as_json(self) -> dict[str, object]:
        """Return the whole as a document."""
        counts = {verdict: self.count(verdict) for verdict in VERDICTS}
        return {"at": self.at.isoformat(), "counts": counts, "findings": [asdict(one) for one in self.findings]}


def keep(store: Store, report: Report) -> None:
    """Keep a report over the one before."""
    kept = {"at": milliseconds(report.at), "findings": [asdict(one) for one in report.findings]}
    store.write(facts.write, FACT, json.dumps(kept, ensure_ascii=False))


def last(store: Store) -> Report | None:
    """Return the last report, None before the first visit."""
    with store.read() as db:
        text = facts.read(db, FACT)
    if text is None:
        return None
    kept = json.loads(text)
    return Report(
        instant(kept["at"]), tuple(Finding(**{**one, "paste": tuple(one["paste"])}) for one in kept["findings"])
    )
