"""How a machine is: live, dark as planned, ill for a reason that has a repair, or gone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

from kiosk.clock import DAWN
from kiosk.fleet.report import NOTHING, Report

State = Literal["live", "dark", "ill", "gone"]
STATES: tuple[State, ...] = ("gone", "ill", "live", "dark")
INTERVAL = timedelta(seconds=60)
# Three heartbeats that did not come, each of which may be a little late.
GONE_AFTER = 3 * INTERVAL + timedelta(seconds=15)
# What happened so long ago is over.
RECENT = timedelta(minutes=10)
# Two machines with one token are a danger until somebody has done something; the sign of it does not come every minute.
CLONED = timedelta(hours=6)
BOOTS = 6
HOT_C, FULL_MIB, TIGHT_MIB, WEAK_DBM, OLD_S, SLOW_MS = 80, 200, 60, -78, 300, 3_000


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a machine is ill: a word for programs, a sentence, and what mends it."""

    word: str
    says: str
    repair: str


@dataclass(frozen=True, slots=True)
class Beat:
    """What is known of a machine: when it last gave any sign, when it last reported, and what.

    `boots`: the ids of its last boots, the present one last. `cloned_at`: when it was last seen that two machines
    share its token. `crashed_at`: when its page, or one of its programs, last had to be started anew.
    """

    at: datetime
    address: str = ""
    reported_at: datetime | None = None
    report: Report = NOTHING
    boots: tuple[str, ...] = ()
    cloned_at: datetime | None = None
    crashed_at: datetime | None = None
    reasons: tuple[Reason, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Condition:
    """How a machine is now, and why; `silent`: nothing is heard of it."""

    state: State
    reasons: tuple[Reason, ...] = ()
    silent: bool = False


CLONE = Reason(
    "cloned",
    "Two machines use this device's token in turn.",
    "Somebody has copied its card. Revoke the device, and enrol the machine that hangs there anew.",
)
ASLEEP = Reason(
    "silent_program",
    "Its page is there, but nothing is heard of the program that looks after it.",
    "Restart the machine. If that does not help, look at `journalctl -u kiosk-display` on it.",
)
CRASHES = Reason(
    "crashes",
    "Its page or one of its programs had to be started anew in the last minutes.",
    "Once is no harm. If it goes on, collect its logs, and take back the last update.",
)
SCREEN_OFF = Reason(
    "screen_off",
    "Its screen is off in hours in which it is meant to be lit.",
    "Switch it on here. If it stays dark, look at the panel's cable and power.",
)
UNHEARD = Reason(
    "never_heard",
    "Nothing was ever heard of it.",
    "Switch the machine on, and see that it reaches this server.",
)
SILENT = Reason(
    "silent",
    "Three of its heartbeats did not come.",
    "Look at its power and its network. If others nearby are gone too, look at the switch first.",
)

Test = Callable[[Report], bool]


def _above(name: str, most: float) -> Test:
    return lambda report: (report.number(name) or 0) > most


def _below(name: str, least: float) -> Test:
    return lambda report: (found := report.number(name)) is not None and found < least


def _is(name: str, wrong: bool = True) -> Test:
    return lambda report: report.flag(name) is wrong


def _page(*words: str) -> Test:
    return lambda report: report.text("page_status") in words


TESTS: tuple[tuple[Test, Reason], ...] = (
    (
        _is("undervolt_now"),
        Reason(
            "undervolt", "Its power supply is too weak right now.", "Use the maker's power supply, and a short cable."
        ),
    ),
    (
        lambda report: report.flag("undervolt_latched") is True and report.flag("undervolt_now") is not True,
        Reason(
            "undervolt_before",
            "Its power supply was too weak at some time since it was started.",
            "Use the maker's power supply, and a short cable; then start the machine anew.",
        ),
    ),
    (
        _above("temp_c", HOT_C),
        Reason("hot", f"It is hotter than {HOT_C} °C.", "Give it air or a cooler, and take it out of the sun."),
    ),
    (
        _is("throttled"),
        Reason("throttled", "It runs slowly to protect itself.", "Look at its power supply and its temperature."),
    ),
    (
        _is("write_ok", wrong=False),
        Reason("card", "It cannot write to its card.", "Replace the card: it is worn out, or full."),
    ),
    (
        _above("ext4_errors", 0),
        Reason("card_errors", "Its card has errors.", "Replace the card before it dies."),
    ),
    (
        _below("disk_free", FULL_MIB),
        Reason("disk", f"Its card has less than {FULL_MIB} MiB left.", "Remove old releases, or use a larger card."),
    ),
    (
        _below("mem_avail", TIGHT_MIB),
        Reason("memory", f"It has less than {TIGHT_MIB} MiB of memory left.", "Restart its display."),
    ),
    (
        _is("clock_synced", wrong=False),
        Reason(
            "clock",
            "Its clock was not set since it was started.",
            "Let it reach a time server (NTP), or give it a battery for its clock.",
        ),
    ),
    (
        _below("wifi_rssi_dbm", WEAK_DBM),
        Reason("wifi", "Its wireless network is weak.", "Use a cable, or move the access point nearer."),
    ),
    (
        _above("hub_rtt_ms", SLOW_MS),
        Reason("slow_network", "Its way to the server is slow.", "Look at the network between the two."),
    ),
    (
        _above("last_sync_age_s", OLD_S),
        Reason("old", "What it shows is old.", "Look whether it reaches its server, and the server Google."),
    ),
    (
        _page("crashed", "silent", "error"),
        Reason("page", "Its page does not run.", "It mends itself within a minute. If not, restart its display."),
    ),
    (
        _page("offline", "stale"),
        Reason("page_old", "Its page says that it has lost touch.", "Look at the network, and at the server's health."),
    ),
)


def reasons(report: Report) -> tuple[Reason, ...]:
    """Return what a report tells is wrong."""
    return tuple(reason for test, reason in TESTS if test(report))


def condition(beat: Beat | None, dark: bool, now: datetime, since: datetime) -> Condition:
    """Return how a machine is; `dark`: its screen is meant to be; `since`: from when on anything could be heard."""
    if beat is None:
        return Condition("gone", (UNHEARD,), silent=True)
    if now - max(beat.at, since) >= GONE_AFTER:
        return Condition("dark", silent=True) if dark else Condition("gone", (SILENT,), silent=True)
    wrong = (*_over_time(beat, now, since), *beat.reasons, *_of_screen(beat, dark))
    if wrong:
        return Condition("ill", wrong)
    return Condition("dark" if dark and beat.report.flag("screen_on") is not True else "live")


def _over_time(beat: Beat, now: datetime, since: datetime) -> list[Reason]:
    cloned = beat.cloned_at is not None and now - beat.cloned_at < CLONED
    crashed = beat.crashed_at is not None and now - beat.crashed_at < RECENT
    reported = max(beat.reported_at, since) if beat.reported_at else now
    asleep = now - reported >= GONE_AFTER + INTERVAL
    return [reason for wrong, reason in ((cloned, CLONE), (asleep, ASLEEP), (crashed, CRASHES)) if wrong]


def _of_screen(beat: Beat, dark: bool) -> list[Reason]:
    return [SCREEN_OFF] if not dark and beat.report.flag("screen_on") is False else []


def followed(before: Beat | None, report: Report | None, address: str, now: datetime) -> Beat:
    """Return what is known of a machine after a sign of it; without a report it is a sign only, as of its page."""
    last = before or Beat(now)
    if report is None:
        return Beat(
            now, address, last.reported_at, last.report, last.boots, last.cloned_at, last.crashed_at, last.reasons
        )
    boots, cloned = _boots(last.boots, report.text("boot_id"))
    return Beat(
        now,
        address,
        now,
        report,
        boots,
        now if cloned else last.cloned_at,
        now if not cloned and _crashed(last, report) else last.crashed_at,
        reasons(report),
    )


def joined(one: Beat | None, other: Beat) -> Beat:
    """Return what two processes know of a machine together: its last sign, and its last report."""
    if one is None:
        return other
    last, said = max(one, other, key=lambda beat: beat.at), max(one, other, key=lambda beat: beat.reported_at or DAWN)
    return replace(said, at=last.at, address=last.address)


def _boots(before: tuple[str, ...], boot: str) -> tuple[tuple[str, ...], bool]:
    """Return the last boots, and whether one has come back that was over: then there are two machines."""
    if not boot or (before and before[-1] == boot):
        return before, False
    return (*(one for one in before if one != boot), boot)[-BOOTS:], boot in before


def _crashed(last: Beat, report: Report) -> bool:
    """Tell whether more was started anew than before, in the same boot."""
    if not last.boots or last.boots[-1] != report.text("boot_id"):
        return False
    names = ("page_crashes", "unit_restarts")
    return any((report.number(name) or 0) > (last.report.number(name) or 0) for name in names)
