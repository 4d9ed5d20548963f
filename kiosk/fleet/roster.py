"""The roster of the fleet: who was heard when, kept in memory, and written down a little later, all at once."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from kiosk import clock, runtime
from kiosk.clock import DAWN
from kiosk.errors import DatabaseAway, KioskError
from kiosk.fleet import alerts, health, light
from kiosk.fleet.alerts import Decision, Watched
from kiosk.fleet.health import Beat, Condition, State
from kiosk.fleet.light import Lights
from kiosk.fleet.report import Report, stored
from kiosk.schedule.model import Room
from kiosk.store import alarms, devices
from kiosk.store import health as kept
from kiosk.store.alarms import Alarm
from kiosk.store.database import Store
from kiosk.store.devices import Device
from kiosk.store.health import Heard, Minute

log = logging.getLogger(__name__)

STEP_SECONDS = 5.0
# How often last signs are written down, machines are judged, and their hours are read anew.
FLUSH, JUDGE, READ = timedelta(seconds=15), timedelta(seconds=10), timedelta(seconds=60)
# How often it is read what other processes have heard.
SHARE = timedelta(seconds=10)
# A machine of which nothing new is to be said is written down so seldom: its minutes tell when it was there.
SELDOM = timedelta(minutes=5)
MINUTE = timedelta(minutes=1)
NEWS = ("reasons", "boots", "cloned_at", "crashed_at", "address")
CODES: dict[State, int] = {"live": 1, "dark": 2, "ill": 3, "gone": 4}
STATES = {code: state for state, code in CODES.items()}


@dataclass
class Roster:
    """Hears machines, judges them, and says who is to be told; nobody who is heard waits for the disk.

    `since`: from when on anything could be heard, by default from now on. Where several processes hear machines,
    `others` returns since when one of them could at least, None while none can; what they have written is read. One
    that does not judge (`judges`) tells nobody.
    """

    store: Store
    clock: clock.Clock
    since: datetime | None = None
    others: Callable[[], datetime | None] | None = None
    judges: bool = True
    _beats: dict[int, Beat] = field(default_factory=dict)
    _news: set[int] = field(default_factory=set)
    _minute: set[int] = field(default_factory=set)
    _written: dict[int, Beat] = field(default_factory=dict)
    _known: dict[int, Device] = field(default_factory=dict)
    _lights: dict[int, Lights] = field(default_factory=dict)
    _entered: dict[int, tuple[State, datetime]] = field(default_factory=dict)
    _done: dict[str, datetime] = field(default_factory=dict)
    _since: datetime = field(init=False)
    _deaf_until: datetime = DAWN
    _noting: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        """Nothing is heard while no server runs, which is no machine's fault."""
        self._since = self.since or self.clock()

    def start(self) -> None:
        """Read what was known, and start judging."""
        self.load()
        threading.Thread(target=self._loop, name="roster", daemon=True).start()

    def load(self) -> None:
        """Read the last signs of machines from before this server was started."""
        now = self.clock()
        signs = runtime.offload(_all_signs, *self.store.report(kept.last_signs, now - 2 * SELDOM))
        with self._noting:
            for number, sign in signs.items():
                self._beats[number] = health.joined(self._beats.get(number), sign)
        self.refresh()

    def heard(self, device: int, report: Report | None, address: str) -> None:
        """Note a sign of a machine: what it says of itself, or (None) that its page is there."""
        with self._noting:
            self._beats[device] = health.followed(self._beats.get(device), report, address, self.clock())
            self._news.add(device)
            self._minute.add(device)

    def beat(self, device: int) -> Beat | None:
        """Return what is known of a machine, None when it was never heard."""
        return self._beats.get(device)

    def condition(self, device: Device) -> Condition:
        """Return how a machine is."""
        now, beat = self.clock(), self._beats.get(device.id)
        if beat and beat.cloned_at and beat.cloned_at < device.token_at:
            beat = replace(beat, cloned_at=None)
        return health.condition(beat, light.is_dark(self.lights(device.id), now), now, self._since)

    def lights(self, device: int) -> Lights:
        """Return when a machine's screen is meant to be lit."""
        return self._lights.get(device, light.ALWAYS)

    def step(self) -> None:
        """Do whatever is due; tests call this by their own clock."""
        try:
            self._do_what_is_due()
        except DatabaseAway:
            # Without it no machine is let in, and so none is heard.
            self._deaf_until = self.clock()
            self._since = max(self._since, self._deaf_until)
            raise

    def _do_what_is_due(self) -> None:
        now = self.clock()
        if self._is_due("read", SHARE if self.others else READ, now):
            self.load() if self.others else self.refresh()
        if self._is_due("minute", MINUTE, now):
            self._write_minute(now)
        could_hear = self._could_hear()
        if self.judges and could_hear and self._is_due("judge", JUDGE, now):
            self.judge(now)
        if self._is_due("flush", FLUSH, now):
            self.flush()

    def _could_hear(self) -> bool:
        """Tell whether machines could be heard at all; while nobody hears them, none of them is missed."""
        if self.others is None:
            return True
        heard_from = self.others()
        self._since = max(heard_from or self.clock(), self._deaf_until)
        return heard_from is not None

    def refresh(self) -> None:
        """Read which machines there are, and when their screens are lit."""
        found = self.store.report(kept.shown)
        self._known = {one.id: one for one, _rooms in found}
        self._lights = runtime.offload(_all_lights, found)
        for gone in self._beats.keys() - self._known.keys():
            self._beats.pop(gone, None)
            self._entered.pop(gone, None)
            self._written.pop(gone, None)

    def flush(self) -> None:
        """Write down the last signs of those who were heard since the last time."""
        with self._noting:
            news, self._news = self._news, set()
            signs = [(number, self._beats[number]) for number in sorted(news) if number in self._beats]
        found = [(number, beat) for number, beat in signs if self._is_new(number, beat)]
        if found:
            self._write(found)

    def _write(self, found: list[tuple[int, Beat]]) -> None:
        try:
            self.store.write(kept.write, runtime.offload(_all_heard, found))
        except KioskError:
            with self._noting:
                self._news |= {number for number, _beat in found}
            raise
        self._written |= dict(found)

    def judge(self, now: datetime) -> Decision:
        """Look at every machine, and write what administrators are to be told."""
        fleet = {one.id: one for one in self.store.report(devices.every) if one.revoked_at is None}
        # As long as that takes, others have their turn.
        watched = runtime.offload(self._all_watched, list(fleet.values()), now)
        decision = alerts.decide(watched, now, self._done.get("together", clock.DAWN))
        if decision:
            self._tell(decision, fleet, now)
        return decision

    def _all_watched(self, fleet: list[Device], now: datetime) -> list[Watched]:
        return [self._watched(one, now) for one in fleet]

    def _watched(self, one: Device, now: datetime) -> Watched:
        found = self.condition(one)
        before = self._entered.get(one.id)
        entered = before if before and before[0] == found.state else (found.state, now)
        self._entered[one.id] = entered
        words = frozenset(reason.word for reason in found.reasons)
        return Watched(one.id, *entered, one.alert, words, found.silent, one.id in self._beats)

    def _tell(self, decision: Decision, fleet: Mapping[int, Device], now: datetime) -> None:
        if decision.together:
            self._done["together"] = now
        told = [Alarm("device.ill", (fleet[one],), "ill", self._reasons(fleet[one])) for one in decision.ill]
        told += [Alarm("device.gone", (fleet[one],), "gone", self._reasons(fleet[one])) for one in decision.gone]
        told += [Alarm("device.recovered", (fleet[one],), "") for one in decision.well]
        for event, numbers, word in (("gone", decision.together, "gone"), ("recovered", decision.back, "")):
            some = tuple(fleet[one] for one in numbers)
            told += [Alarm(f"devices.{event}", some, word, of=len(fleet))] if some else []  # type: ignore[arg-type]
        self.store.write(alarms.tell, told, decision.quietly, now)

    def _reasons(self, one: Device) -> tuple[tuple[str, str, str], ...]:
        return tuple((reason.word, reason.says, reason.repair) for reason in self.condition(one).reasons)

    def _write_minute(self, now: datetime) -> None:
        with self._noting:
            heard, self._minute = self._minute, set()
        known = [self._known[number] for number in heard if number in self._known]
        if known:
            self.store.write(kept.write_minute, now, runtime.offload(self._all_minutes, known))

    def _all_minutes(self, some: list[Device]) -> list[Minute]:
        return [self._minute_of(one) for one in some]

    def _is_new(self, device: int, beat: Beat) -> bool:
        """Tell whether something is to be said of a machine that is not written down."""
        before = self._written.get(device)
        if before is None or not timedelta(0) <= beat.at - before.at < SELDOM:
            return True
        return any(getattr(beat, name) != getattr(before, name) for name in NEWS)

    def _minute_of(self, one: Device) -> Minute:
        state, report = CODES[self.condition(one).state], self._beats[one.id].report
        numbers = (report.number(name) for name in ("temp_c", "mem_avail", "wifi_rssi_dbm"))
        return Minute(one.id, state, *(None if value is None else round(value) for value in numbers))

    def _is_due(self, what: str, every: timedelta, now: datetime) -> bool:
        last = self._done.get(what, self._since)
        if timedelta(0) <= now - last < every:
            return False
        self._done[what] = now
        return True

    def _loop(self) -> None:
        runtime.repeat(self.step, threading.Event(), STEP_SECONDS, log, "Judging the fleet")


def _beat(one: Heard) -> Beat:
    report = stored(one.report)
    times = (one.cloned_at, one.crashed_at)
    return Beat(one.at, one.address, one.reported_at, report, one.boots, *times, health.reasons(report))


def _seen_in(beat: Beat, minute: datetime) -> Beat:
    at, reported = max(beat.at, minute), beat.reported_at
    return replace(beat, at=at, reported_at=reported and max(reported, at))


def _all_signs(found: list[Heard], minutes: Mapping[int, datetime]) -> dict[int, Beat]:
    return {one.device: _seen_in(_beat(one), minutes.get(one.device, one.at)) for one in found}


def _all_lights(found: list[tuple[Device, tuple[Room, ...]]]) -> dict[int, Lights]:
    return {one.id: light.lights(one.words, some) for one, some in found}


def _all_heard(found: list[tuple[int, Beat]]) -> list[Heard]:
    return [_heard(number, beat) for number, beat in found]


def _heard(device: int, beat: Beat) -> Heard:
    said = str(beat.report)
    return Heard(device, beat.at, beat.address, beat.reported_at, said, beat.boots, beat.cloned_at, beat.crashed_at)
