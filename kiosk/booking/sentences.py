"""Why something was not done about a booking, in words, in the language of whoever is handed over as `_`."""

from __future__ import annotations

from collections.abc import Callable

Say = Callable[..., str]


def plain(text: str, **values: object) -> str:
    """Return the text as it is, its %(names)s filled in."""
    return text % values if values else text


def refusal(reason: str, _: Say = plain) -> str:
    """Return the sentence for a word of a refusal, in the language of `_`."""
    known = {
        "taken": _("Somebody else has just taken this time."),
        "being_booked": _("Somebody is booking this room right now. Please try again in a moment."),
        "cancelled": _("The booking was cancelled in Google Calendar."),
        "gone": _("The booking is not in Google Calendar any more."),
        "external": _("This booking was made in Google Calendar; its organizer can change it there."),
        "unread": _("This room's calendar has not been read yet. Please try again in a moment."),
        "requiredAccessLevel": _(
            "This server may not make changes to the room's calendar. Please tell its administrator."
        ),
        "declined": _("The room has declined: somebody else has this time."),
        "changed": _("The booking was just changed in Google Calendar. Please look at it again."),
        "closed": _("The room is closed at this time."),
        "not_bookable": _("This room cannot be booked here."),
        "people_only": _("This room is booked under your own name: please say who you are."),
        "too_early": _("It is too early to check in."),
        "no_check_in": _("This booking needs no check-in."),
        "attended": _("Somebody has checked in meanwhile."),
        "not_begun": _("This meeting has not begun yet; its organizer can cancel it in Google Calendar."),
        "moved": _("This booking is at another time now."),
        "not_near": _("This booking begins more than an hour from now."),
        "under_way": _("This booking has begun already."),
        "held": _("This booking is not yet in Google Calendar. Please try again when it is."),
        "no_series": _("This booking is not part of a series."),
        "delegation": _("This server may not act for this person in Google Calendar. Please tell its administrator."),
        "over": _("This booking is over."),
        "linked": _("This room has just been linked to its Google calendar; please book again."),
        "unlinked": _("This room has just been disconnected from Google; please book again."),
        "past": _("This time has passed."),
        "forgotten": _("The booking was not made: it took too long."),
        "too_short": _("This is shorter than a booking may be."),
        "too_long": _("This is longer than a booking may be."),
        "too_far": _("This is further ahead than can be booked here."),
        "unreachable": _("The calendar cannot be reached, so nothing was booked or changed. Please try again later."),
    }
    return known.get(reason) or _("Google refused (%(reason)s). Nothing was booked or changed.", reason=reason)
