"""What holds for one room: whether its calendar is seen, may be written, answers, and keeps the right time."""

from __future__ import annotations

from collections.abc import Iterator

from kiosk.doctor import remedies
from kiosk.doctor.findings import Finding, Remedy, failed, passed, warned
from kiosk.doctor.practice import Patient, Practice
from kiosk.errors import AccessDenied, Missing, SourceError, Unreachable
from kiosk.google.probe import Identity
from kiosk.source import Calendar

SEES_PRIVATE = {"writer", "owner"}
CALENDARS = "https://calendar.google.com/calendar/r/settings"
PLACE = "Google Calendar ▸ Settings ▸ Settings for other calendars ▸ {room}"
SHARE = f"{PLACE} ▸ Share with specific people ▸ Add people: paste the address and choose “Make changes to events”."


def examine(practice: Practice, patient: Patient, identity: Identity) -> Iterator[Finding]:
    """Look at one linked room; two requests."""
    slug = patient.stored.room.slug
    sharer = practice.probe.access().subject or identity.account
    try:
        about = practice.calendars.describe(patient.stored.calendar_id or "")
    except SourceError as error:
        yield failed(slug, "calendar", _unseen(error, patient, identity, sharer))
        return
    yield passed(slug, "calendar", f"Its calendar is {about.name}.")
    yield _role(slug, about, sharer)
    yield _private(slug, about, sharer)
    yield _answers(slug, about)
    yield _zone(slug, about, patient)
    yield _announced(slug, patient)


def _unseen(error: SourceError, patient: Patient, identity: Identity, sharer: str) -> Remedy:
    calendar = patient.stored.calendar_id or ""
    if isinstance(error, Unreachable):
        return remedies.of_silence(error)
    if error.reason == "accessNotConfigured":
        return remedies.not_enabled()
    if isinstance(error, AccessDenied) and error.reason == "token":
        return remedies.of_token(error, identity, sharer)
    if isinstance(error, Missing) and patient.vanished:
        return Remedy(
            "The room was deleted in the Directory, and its calendar with it.",
            "Link this room to another calendar, or unlink it.",
            (f"kiosk rooms unlink {patient.stored.room.slug}",),
        )
    if isinstance(error, Missing):
        return Remedy(
            f"The calendar {calendar} does not exist, or is not shared with {sharer}.",
            SHARE.format(room=patient.stored.room.name),
            (CALENDARS, sharer),
        )
    return Remedy(str(error), SHARE.format(room=patient.stored.room.name), (CALENDARS, sharer))


def _role(slug: str, about: Calendar, sharer: str) -> Finding:
    if about.can_write:
        return passed(slug, "role", "Bookings can be made.")
    only = "only its busy times are seen" if about.role == "freeBusyReader" else "it can only be read"
    says = f"No bookings can be made: {only} by {sharer}."
    return failed(slug, "role", Remedy(says, SHARE.format(room=about.name), (CALENDARS, sharer)))


def _private(slug: str, about: Calendar, sharer: str) -> Finding:
    if about.role in SEES_PRIVATE:
        return passed(slug, "private", "Private meetings are seen with their titles, which no screen shows.")
    remedy = Remedy(
        "Private meetings are seen by their times only, and whether the room has declined one is told late.",
        f"{SHARE.format(room=about.name)} A role without access to private events does not do.",
        (CALENDARS, sharer),
    )
    return warned(slug, "private", remedy)


def _answers(slug: str, about: Calendar) -> Finding:
    if about.answers is not False:
        return passed(slug, "answers", "It answers invitations by itself.")
    remedy = Remedy(
        "It does not answer invitations by itself: meetings wait for somebody to accept them.",
        f"{PLACE.format(room=about.name)} ▸ Auto-accept invitations: choose “Auto-accept invitations that do not "
        "conflict”.",
        (CALENDARS,),
    )
    return warned(slug, "answers", remedy)


def _zone(slug: str, about: Calendar, patient: Patient) -> Finding:
    own = patient.stored.room.zone.key
    if about.zone != own:
        remedy = Remedy(
            f"Its calendar is in {about.zone}, this server takes it to be in {own}.",
            "Read the calendar anew; the room then follows it.",
            (f"kiosk rooms sync {slug}",),
        )
        return warned(slug, "zone", remedy)
    if patient.zone_nearby and patient.zone_nearby != about.zone:
        remedy = Remedy(
            f"Its calendar is in {about.zone}, most rooms of {patient.stored.room.building} are in "
            f"{patient.zone_nearby}.",
            f"{PLACE.format(room=about.name)} ▸ Time zone.",
            (CALENDARS, patient.zone_nearby),
        )
        return warned(slug, "zone", remedy)
    return passed(slug, "zone", f"Its calendar is in {about.zone}.")


def _announced(slug: str, patient: Patient) -> Finding:
    if patient.push == "live":
        return passed(slug, "push", "Google announces its changes.")
    if patient.push == "refused":
        remedy = Remedy(
            f"Google does not announce its changes, so that it is asked more often: {patient.push_refusal}",
            "Nothing is lost. After a repair have Google asked again at once; or no more.",
            (f"kiosk rooms push {slug} on", f"kiosk rooms push {slug} off"),
        )
        return warned(slug, "push", remedy)
    return passed(slug, "push", "It is asked for changes.")
