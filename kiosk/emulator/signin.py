"""The sign-in pages and addresses of accounts.google.com: consent, keys, userinfo, discovery, revocation."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import Flask, Response, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from kiosk.emulator import api, consents, directory, identity, tokens
from kiosk.emulator.consents import Client, Wish
from kiosk.emulator.errors import ApiError, TokenError, invalid_credentials
from kiosk.emulator.service import Service
from kiosk.emulator.values import Json

_KNOWN_SCOPES = {
    "openid": "know who you are",
    "https://www.googleapis.com/auth/userinfo.email": "see your e-mail address",
    "https://www.googleapis.com/auth/userinfo.profile": "see your name",
    "https://www.googleapis.com/auth/calendar": "see and change your calendars",
    "https://www.googleapis.com/auth/calendar.readonly": "see your calendars",
    "https://www.googleapis.com/auth/calendar.events": "see and change events on your calendars",
}


class _Wrong(Exception):
    """The program's request is so wrong that nobody may be sent back; `kind` is Google's word for it."""

    def __init__(self, kind: str, sentence: str, status: int = 400) -> None:
        super().__init__(sentence)
        self.kind = kind
        self.status = status


@dataclass(frozen=True, slots=True)
class _Question:
    """A checked request for consent."""

    client: Client
    wish: Wish
    state: str
    hint: str
    domain: str
    silent: bool


def register(app: Flask, service: Service) -> None:
    """Serve the addresses of signing in."""
    page = _SignIn(service)
    for rule in ("/o/oauth2/v2/auth", "/o/oauth2/auth"):
        app.add_url_rule(rule, f"ask {rule}", _guarded(page.ask), methods=["GET"])
        app.add_url_rule(rule, f"decide {rule}", _guarded(page.decide), methods=["POST"])
    documents: dict[str, Callable[[], Json]] = {
        "/oauth2/v1/certs": page.certificates, "/oauth2/v3/certs": page.key_set,
        "/.well-known/openid-configuration": page.configuration,
    }  # fmt: skip
    for rule, make in documents.items():
        app.add_url_rule(rule, rule, _document(service, rule, make), methods=["GET"])
    for rule in ("/v1/userinfo", "/oauth2/v3/userinfo", "/oauth2/v2/userinfo", "/oauth2/v1/userinfo"):
        view = _document(service, "userinfo", page.userinfo)
        app.add_url_rule(rule, rule, view, methods=["GET", "POST"])
    app.add_url_rule("/revoke", "revoke", _document(service, "revoke", page.revoke), methods=["GET", "POST"])


class _SignIn:
    """The views, on one service."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._store = service.store

    def ask(self) -> BaseResponse:
        """The page on which one picks a person."""
        with self._store.transaction():
            question = self._question()
            if question.silent:
                return _back(question, {"error": "login_required"})
            people = [each for each in directory.everything(self._store, "user") if _may_choose(each, question)]
            people.sort(key=lambda each: (each["primaryEmail"] != question.hint, each["primaryEmail"]))
            wanted = [_KNOWN_SCOPES.get(scope, scope) for scope in identity.full_scopes(list(question.wish.scopes))]
            page = render_template(
                "signin.html", client=question.client, people=people, wanted=wanted, told={},
                elsewhere=not question.domain, domain=self._store.meta("domain"), utc=self._service.clock.now(),
            )  # fmt: skip
            return Response(page)

    def decide(self) -> BaseResponse:
        """The person agrees or not, and goes back to the program."""
        with self._service.changing():
            question = self._question()
            email = request.form.get("person", "").strip().lower()
            if not email:
                return _back(question, {"error": "access_denied"})
            if not self._may_sign_in(email, question):
                raise _Wrong("access_denied", f"{email} cannot sign in here.", 403)
            code = consents.allow(self._store, question.client, email, question.wish)
            scope = " ".join(identity.full_scopes(list(question.wish.scopes)))
            domain = {"hd": self._store.meta("domain")} if directory.find(self._store, "user", email) else {}
            return _back(question, {"code": code, "scope": scope, "authuser": "0"} | domain)

    def certificates(self) -> Json:
        """The keys of id tokens, as certificates."""
        return identity.certificates(self._store)

    def key_set(self) -> Json:
        """The keys of id tokens, as a key set."""
        return identity.key_set(self._store)

    def configuration(self) -> Json:
        """Where everything is."""
        return identity.configuration(request.host_url.rstrip("/"))

    def userinfo(self) -> Json:
        """The person whose token it is."""
        caller = tokens.holder(self._store, api.bearer())
        scopes = sorted(caller.scopes)
        told = identity.profile(self._store, caller.email, scopes)
        if not {"openid", *_KNOWN_SCOPES} & caller.scopes:
            raise invalid_credentials()
        if "/v3/" in request.path or request.path.startswith("/v1/"):
            return told
        renamed = {"sub": "id", "email_verified": "verified_email"}
        return {renamed.get(name, name): value for name, value in told.items()}

    def revoke(self) -> Json:
        """End a token."""
        consents.revoke(self._store, request.values.get("token", ""))
        return {}

    def _question(self) -> _Question:
        given = request.args
        client = consents.find_client(self._store, given.get("client_id", ""))
        if client is None:
            raise _Wrong("invalid_client", "The OAuth client was not found.", 401)
        if not client.returns_to(given.get("redirect_uri", "")):
            sentence = f"The redirect address {given.get('redirect_uri', '')!r} is not registered for {client.name}."
            raise _Wrong("redirect_uri_mismatch", sentence)
        method = given.get("code_challenge_method", "plain" if given.get("code_challenge") else "")
        if given.get("response_type") != "code" or method not in {"", "plain", "S256"} or not given.get("scope"):
            raise _Wrong("invalid_request", "response_type must be code, scope given, code_challenge_method S256.")
        prompts = given.get("prompt", "").split()
        wish = Wish(
            self._scopes(client), given["redirect_uri"], given.get("nonce", ""), given.get("code_challenge", ""),
            method, offline=given.get("access_type") == "offline", asked_again="consent" in prompts,
        )  # fmt: skip
        domain = given.get("hd", "")
        return _Question(
            client, wish, given.get("state", ""), given.get("login_hint", ""), "" if domain == "*" else domain,
            silent="none" in prompts,
        )  # fmt: skip

    def _scopes(self, client: Client) -> tuple[str, ...]:
        """The scopes asked for, with include_granted_scopes those the person has granted before."""
        wanted = request.args["scope"].split()
        person = request.form.get("person", "")
        if person and request.args.get("include_granted_scopes") == "true":
            sql = "SELECT scopes FROM consents WHERE client = ? AND subject = ?"
            wanted += [scope for row in self._store.rows(sql, client.id, person) for scope in row[0].split()]
        return tuple(dict.fromkeys(wanted))

    def _may_sign_in(self, email: str, question: _Question) -> bool:
        found = directory.find(self._store, "user", email)
        if found is not None:
            return _may_choose(found, question)
        resource = self._store.calendar(email)
        return "@" in email and not question.domain and (resource is None or resource.kind != "resource")


def _may_choose(person: Json, question: _Question) -> bool:
    """`hd` narrows the choice to one domain; suspended people cannot sign in."""
    inside = not question.domain or person["primaryEmail"].endswith("@" + question.domain)
    return inside and not person.get("suspended")


def _back(question: _Question, told: dict[str, str]) -> BaseResponse:
    answer = ({"state": question.state} if question.state else {}) | told
    joint = "&" if "?" in question.wish.redirect else "?"
    return redirect(question.wish.redirect + joint + urlencode(answer), 302)


def _guarded(view: Callable[[], BaseResponse]) -> Callable[[], BaseResponse]:
    def guarded() -> BaseResponse:
        try:
            return view()
        except _Wrong as wrong:
            text = f"Error {wrong.status}: {wrong.kind}\n\n{wrong}\n"
            return Response(text, status=wrong.status, content_type="text/plain; charset=utf-8")

    return guarded


def _document(service: Service, name: str, make: Callable[[], Json]) -> Callable[[], Any]:
    """A JSON answer outside the APIs; faults ordered for its name or path strike it too."""

    def produce() -> Response:
        try:
            with service.changing():
                return api.json_response(json.dumps(make(), indent=2))
        except TokenError as error:
            return api.json_response(json.dumps(error.body, indent=2), error.status)

    def view() -> Response:
        try:
            return api.under_faults(service, name, produce)
        except ApiError as error:
            return api.error_response(error)

    return view
