"""Google's services as their client library knows them, built from what makes requests: the words stay out."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import httplib2
from googleapiclient import discovery, discovery_cache

# What a description says to people, and what the library makes documentation of: nine tenths of it.
WORDS = ("description", "documentationLink", "enumDescriptions", "enumDeprecated", "scopes", "title")
SHAPE: dict[str, str] = {"type": "object"}
# Two services, for as many addresses as may be in use while one is changed for another.
MOST = 4


class Collections:
    """An API whose collections are made once: the library describes all their methods anew each time."""

    def __init__(self, api: Any) -> None:
        self._api = api
        self._made: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Callable[[], Any]:
        if name not in self._made:
            self._made[name] = getattr(self._api, name)()
        made = self._made[name]
        return lambda: made


@lru_cache(MOST)
def collections(service: str, version: str, root: str) -> Collections:
    """Return a service that is part of the library, at Google or at another server; everybody shares it."""
    options = {"api_endpoint": root} if root else None
    described = brief(discovery_cache.get_static_doc(service, version))
    return Collections(discovery.build_from_document(described, http=httplib2.Http(), client_options=options))


def brief(document: str) -> dict[str, Any]:
    """Return a description without words, and with the names of what is sent and answered instead of its shape.

    The library checks neither; it needs the names to tell which methods take a body and which answer with JSON.
    """
    found: dict[str, Any] = json.loads(document, object_hook=_without_words)
    return found | {"schemas": dict.fromkeys(found["schemas"], SHAPE)}


def _without_words(found: dict[str, Any]) -> dict[str, Any]:
    # A parameter or property of that name is an object.
    return {name: value for name, value in found.items() if name not in WORDS or isinstance(value, dict)}
