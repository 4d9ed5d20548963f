"""What a Prometheus server collects at /metrics: how fresh the screens are, and what this process does for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Flask, Response, g, request

from kiosk import __version__, clock, runtime
from kiosk.live.pulse import Pulse
from kiosk.measures import BOUNDS, Histogram, Measures
from kiosk.store import deliveries, journal, mirror
from kiosk.sync.budget import Budget
from kiosk.web.access import Gate, stranger
from kiosk.web.problems import response

Family = Any
# What a request can be; whoever asks may write any other word there, and each would be counted for ever.
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


@dataclass(frozen=True, slots=True, eq=False)
class Metrics:
    """What the numbers are taken from."""

    pulse: Pulse
    gate: Gate
    stalls: runtime.StallWatch
    measures: Measures
    budget: Budget
    clock: clock.Clock

    def collect(self) -> Iterator[Family]:
        """Return everything as it is now, as families of the Prometheus library; it calls this when asked."""
        yield from self._screens()
        yield from self._rooms()
        yield from self._google()
        yield from self._process()

    def _screens(self) -> Iterator[Family]:
        shown = Counter((one.screen.display,) for one in list(self.pulse.audience.viewers.values()))
        yield _gauge("kiosk_screens", "Screens connected to this process", shown, "display")
        behind, late = self.pulse.behind()
        yield _gauge("kiosk_screens_behind", "Screens that do not show the newest version", {(): behind})
        yield _gauge("kiosk_screens_late", "Screens that have not shown the newest version for a minute", {(): late})
        stages, what = self.pulse.freshness.stages, "Seconds that changes took, by stage, from Google to the glass"
        yield _histogram("kiosk_change_seconds", what, stages, "stage")
        stall = self.stalls.longest()
        yield _gauge("kiosk_hub_stall_seconds", "Longest moment without an answer in the last minutes", {(): stall})

    def _rooms(self) -> Iterator[Family]:
        now = self.clock()
        with self.pulse.gallery.store.read() as db:
            known, since, waiting = mirror.everything(db), journal.waits_since(db), deliveries.waiting(db)
        # The journal of a year is counted beside everybody else.
        commands = self.pulse.gallery.store.report(journal.numbers)
        ages = {(one.slug,): (now - one.checked_at).total_seconds() for one in known if one.checked_at}
        yield _gauge("kiosk_room_age_seconds", "Seconds since a room's calendar was checked", ages, "room")
        unread = sum(1 for one in known if not one.checked_at)
        yield _gauge("kiosk_rooms_unread", "Linked rooms whose calendar was never read", {(): unread})
        failing = sum(1 for one in known if one.failures)
        yield _gauge("kiosk_rooms_failing", "Linked rooms whose last reading failed", {(): failing})
        states = {(state,): count for state, count in commands.items()}
        yield _gauge("kiosk_journal_rows", "Commands in the journal, by state", states, "state")
        wait, what = (now - since).total_seconds() if since else 0.0, "Seconds for which the oldest open command waits"
        yield _gauge("kiosk_journal_waiting_seconds", what, {(): max(wait, 0.0)})
        yield _gauge("kiosk_messages_waiting", "Mails and webhook messages that have not arrived yet", {(): waiting})

    def _google(self) -> Iterator[Family]:
        results = self.measures.google_results.copy()
        yield _counter("kiosk_google_requests", "Calls to Google, by result", results, "method", "result")
        yield _histogram("kiosk_google_seconds", "Seconds that Google took", self.measures.google, "method")
        minute, day = self.budget.left(self.clock())
        left = {("minute",): minute, ("day",): day}
        yield _gauge("kiosk_google_requests_left", "Requests that the limits still allow", left, "period")
        limits = {("minute",): self.budget.per_minute, ("day",): self.budget.per_day}
        yield _gauge("kiosk_google_requests_limit", "Requests that the settings allow", limits, "period")

    def _process(self) -> Iterator[Family]:
        answers = self.measures.http_answers.copy()
        yield _counter("kiosk_http_answers", "Answers of this process", answers, "part", "method", "status")
        yield _histogram("kiosk_http_seconds", "Seconds until an answer", self.measures.http, "part")
        yield _histogram("kiosk_database_seconds", "Seconds that the database took", self.measures.database, "use")
        logged = self.measures.logged.copy()
        yield _counter("kiosk_complaints", "Warnings and errors in the log", logged, "logger", "level")
        yield _gauge("kiosk_build", "This program", {(__version__,): 1}, "version")


def install(app: Flask, metrics: Metrics) -> None:
    """Add /metrics, for whoever may see displays, and time every answer."""
    routes = Blueprint("metrics", __name__)

    @routes.get("/metrics")
    def numbers() -> Response:
        return _written(metrics) if metrics.gate.allowed() else response(stranger())

    def begin() -> None:
        g.begun = clock.monotonic()

    def end(answer: Response) -> Response:
        seconds = clock.monotonic() - g.get("begun", clock.monotonic())
        metrics.measures.answered(_part(), _method(), answer.status_code, seconds)
        return answer

    app.before_request(begin)
    app.after_request(end)
    app.register_blueprint(routes)


def _part() -> str:
    """Return the part of the server that answered; addresses that do not exist are one part."""
    return (request.blueprint or "files") if request.url_rule else "missing"


def _method() -> str:
    """Return what was to be done; methods that do not exist are one."""
    return request.method if request.method in METHODS else "other"


def _written(metrics: Metrics) -> Response:
    # Loaded by the first who asks: most installations are watched by nobody.
    from prometheus_client import CollectorRegistry, ProcessCollector, exposition

    registry = CollectorRegistry()
    registry.register(metrics)
    ProcessCollector(registry=registry)
    return Response(exposition.generate_latest(registry), content_type=exposition.CONTENT_TYPE_LATEST)


def _gauge(name: str, what: str, values: Mapping[Any, float], *labels: str) -> Family:
    from prometheus_client.core import GaugeMetricFamily

    return _filled(GaugeMetricFamily(name, what, labels=labels), values)


def _counter(name: str, what: str, values: Mapping[Any, float], *labels: str) -> Family:
    from prometheus_client.core import CounterMetricFamily

    return _filled(CounterMetricFamily(name, what, labels=labels), values)


def _filled(family: Family, values: Mapping[Any, float]) -> Family:
    for key, value in sorted(values.items()):
        family.add_metric(key, value)
    return family


def _histogram(name: str, what: str, values: Mapping[str, Histogram], label: str) -> Family:
    from prometheus_client.core import HistogramMetricFamily

    family = HistogramMetricFamily(name, what, labels=[label])
    for key, one in sorted(values.items()):
        family.add_metric([key], _cumulated(one), one.total)
    return family


def _cumulated(one: Histogram) -> list[tuple[str, float]]:
    seen = 0
    buckets: list[tuple[str, float]] = []
    for bound, count in zip((*map(str, BOUNDS), "+Inf"), one.counts, strict=True):
        seen += count
        buckets.append((bound, seen))
    return buckets
