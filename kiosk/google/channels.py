"""Google's push channels: https://developers.google.com/workspace/calendar/api/guides/push."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

from kiosk import clock
from kiosk.errors import Gone, Missing, NotOffered, Refused, SourceError, Unreachable
from kiosk.google.access import Google
from kiosk.google.client import CALENDAR_SCOPES, Client, quota_user
from kiosk.source import Channel

NO_PUSH = "pushNotSupportedForRequestedResource"
NOT_UNIQUE = "channelIdNotUnique"


class GoogleChannels:
    """Channels over the calendars that one set of credentials can see."""

    def __init__(self, google: Google) -> None:
        self._client = Client("calendar", "v3", "calendar/v3/", google, CALENDAR_SCOPES)

    def watch(self, calendar_id: str, channel_id: str, token: str, address: str, life: timedelta) -> Channel:
        """Open a channel; Google may grant a shorter life, and may send the first message before it answers."""
        body = {
            "id": channel_id,
            "type": "web_hook",
            "address": address,
            "token": token,
            "params": {"ttl": str(int(life.total_seconds()))},
        }
        try:
            answer = self._client.execute(
                lambda api: api.events().watch(
                    calendarId=calendar_id, body=body, quotaUser=quota_user(calendar_id), fields="resourceId,expiration"
                )
            )
        except Refused as error:
            raise _meant(error) from error
        return Channel(answer["resourceId"], clock.DAWN + timedelta(milliseconds=int(answer["expiration"])))

    def stop(self, channel_id: str, resource_id: str) -> None:
        """Close a channel; one that Google no longer knows counts as closed."""
        with suppress(Missing, Gone):
            self._client.execute(lambda api: api.channels().stop(body={"id": channel_id, "resourceId": resource_id}))

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


def _meant(error: Refused) -> SourceError:
    if error.reason == NO_PUSH:
        return NotOffered("Google offers no push messages for this calendar.", error.reason)
    if error.reason == NOT_UNIQUE:
        # Ids are never used twice: our request was sent again, and the first one did arrive.
        return Unreachable("Google's answer to the request for a channel was lost.", error.reason)
    return error
