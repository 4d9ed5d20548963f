"""The section Google: connecting the organisation, by a service account's key or an administrator's consent."""

from __future__ import annotations

import errno
import hmac
from dataclasses import asdict
from pathlib import Path
from typing import Any

from flask import Flask, request, session
from werkzeug.utils import redirect
from werkzeug.wrappers import Response as AnyResponse

from kiosk import runtime
from kiosk.doctor import remedies
from kiosk.doctor.findings import Remedy
from kiosk.errors import AccessDenied, KioskError, SourceError, UsageError
from kiosk.google.consent import ALL_SCOPES, PURPOSES, GoogleConsent
from kiosk.google.oauth import Attempt, begin, read_client
from kiosk.google.probe import Identity
from kiosk.store import links, rooms, tasks
from kiosk.store.connection import CLIENT_FILE
from kiosk.sync import unlinking
from kiosk.sync.connecting import Actor, Offer, read_credentials
from kiosk.sync.linking import Report
from kiosk.web.admin import frame
from kiosk.web.admin.frame import Admin, Section
from kiosk.web.asking import place
from kiosk.web.identity import me, needs
from kiosk.web.problems import Problem

HERE = "/admin/google"
BACK = f"{HERE}/back"
ATTEMPT = "connect"
TASK = "disconnect"
LARGEST_FILE = 64 * 1024
NAMED = "KIOSK_GOOGLE_CREDENTIALS names the credentials: unset it to connect others here."


def install(app: Flask, admin: Admin) -> None:
    """Add the section."""
    admin.add(Section("google", "Google", HERE, order=70))
    routes = frame.blueprint("google")

    @routes.get("/google")
    @needs()
    def state() -> AnyResponse:
        return _page(admin)

    @routes.get("/google.part")
    @needs()
    def part() -> AnyResponse:
        return frame.part("admin/google_part.html", **_shown(admin))

    @routes.post("/google/file")
    @needs()
    def by_file() -> AnyResponse:
        return _by_file(admin)

    @routes.post("/google/client")
    @needs()
    def client() -> AnyResponse:
        return _keep_client(admin)

    @routes.post("/google/consent")
    @needs()
    def leave() -> AnyResponse:
        return _leave(admin)

    @routes.get("/google/back")
    @needs()
    def come_back() -> AnyResponse:
        return _come_back(admin)

    @routes.post("/google/disconnect")
    @needs()
    def disconnect() -> AnyResponse:
        return _disconnect(admin)

    app.register_blueprint(routes)


def _page(admin: Admin, status: int = 200, **values: Any) -> AnyResponse:
    return frame.page("admin/google.html", status, here="google", **_shown(admin), **values)


def _shown(admin: Admin) -> dict[str, Any]:
    now = admin.clock()
    accesses = admin.connecting.accesses
    with admin.store.read() as db:
        known = rooms.every(db)
        lost = links.all_local_bookings(db, now)
        task = tasks.latest(db, TASK, now)
    return {
        "named": accesses.named,
        "connection": admin.connecting.current(),
        "task": task,
        "linked": sum(one.calendar_id is not None for one in known),
        "lost": links.told(lost) if lost else "",
        "purposes": PURPOSES,
        "scopes": ",".join(ALL_SCOPES),
        "delegation_page": remedies.DELEGATION_PAGE,
        "client": _client_id(admin),
        "back": _back(admin),
    }


# By file.


def _by_file(admin: Admin) -> AnyResponse:
    subject, admin_subject = _field("subject"), _field("admin_subject")
    try:
        offer = Offer(_uploaded() or _on_disk(_field("on_server")), subject, admin_subject)
        made = admin.connecting.connect(offer, _actor())
    except SourceError as error:
        remedy = remedies.of_token(error, _identity(offer, admin), subject)
        return _page(admin, 422, problem=remedy, subject=subject, admin_subject=admin_subject)
    except UsageError as error:
        return _page(admin, 422, problem=Remedy(str(error)), subject=subject, admin_subject=admin_subject)
    return frame.done(f"Connected as {made.account or made.subject}.", HERE)


def _uploaded() -> str:
    file = request.files.get("file")
    try:
        return file.read(LARGEST_FILE).decode("utf-8") if file else ""
    except UnicodeDecodeError as error:
        raise UsageError("This is not a JSON file, as Google's console hands out.") from error


def _on_disk(path: str) -> str:
    if not path:
        raise UsageError("Choose a file, or name one on the server.")
    try:
        return runtime.offload(_read, Path(path).expanduser())
    except (OSError, ValueError, RuntimeError) as error:  # no such file, not text, a sign no path has, nobody's home
        reason = error.strerror if isinstance(error, OSError) else "it is no text file"
        raise UsageError(f"The file {path!r} on the server cannot be read: {reason}.") from error


def _read(path: Path) -> str:
    if not path.is_file():
        raise FileNotFoundError(errno.ENOENT, "there is no such file")
    with path.open(encoding="utf-8") as file:
        return file.read(LARGEST_FILE)


def _identity(offer: Offer, admin: Admin) -> Identity:
    content = read_credentials(offer.content, admin.connecting.google.endpoint)
    account = str(content.get("client_email") or content.get("account", ""))
    return Identity(str(content["type"]), account, str(content.get("client_id", "")))


# By consent.


def _keep_client(admin: Admin) -> AnyResponse:
    try:
        text = _uploaded()
        client_id, _ = read_client(text)
    except (UsageError, ValueError):
        says = "This is not the file of an OAuth client of type Web application."
        return _page(admin, 422, problem=Remedy(says, "Google Cloud console ▸ APIs and services ▸ Credentials."))
    runtime.offload(admin.connecting.accesses.vault.keep, CLIENT_FILE, text)
    admin.record("keep_client", client=client_id)
    return frame.done("The OAuth client is kept. Now go to Google.", HERE)


def _leave(admin: Admin) -> AnyResponse:
    if admin.connecting.accesses.named.file:
        raise UsageError(NAMED)
    attempt = begin()
    address = _consent(admin).address(attempt, _back(admin))
    session[ATTEMPT] = asdict(attempt)
    return redirect(address, 303)


def _come_back(admin: Admin) -> AnyResponse:
    """An attempt is good for one answer, and only for the browser that began it."""
    kept = session.pop(ATTEMPT, None)
    if not kept or not hmac.compare_digest(request.args.get("state", "").encode(), kept["state"].encode()):
        raise Problem(400, "sign_in_lost", "Not connected", "This consent was begun elsewhere: please try again.")
    if "code" not in request.args:
        admin.record("connect", "refused", kind="authorized_user")
        return frame.in_vain("Nothing was changed: the consent was not given.", HERE)
    try:
        granted = _consent(admin).granted(request.args["code"], Attempt(**kept), _back(admin))
        offer = Offer(granted.content, domain=granted.domain)
        made = admin.connecting.connect(offer, _actor())
    except SourceError as error:
        return _page(admin, 422, problem=_refused(error))
    left_out = [one.words for one in PURPOSES if one.scope not in granted.scopes]
    without = f" Without: {'; '.join(left_out)}." if left_out else ""
    return frame.done(f"Connected as {made.account}.{without}", HERE)


def _refused(error: SourceError) -> Remedy:
    if error.reason == "scopes":
        return Remedy(str(error), "Go to Google again and leave every box ticked.")
    if error.reason == "redirect_uri_mismatch":
        return Remedy(str(error), "Add the address below to the OAuth client's authorised redirect addresses.")
    return Remedy(str(error), "Nothing was changed. Try again.")


def _consent(admin: Admin) -> GoogleConsent:
    google = admin.connecting.google
    file = admin.settings.sign_in_client or str(admin.connecting.accesses.vault.path(CLIENT_FILE))
    return GoogleConsent(file, google.endpoint, google.route)


def _client_id(admin: Admin) -> str:
    """Return the id of the OAuth client that asks for consent; empty when there is none."""
    try:
        return _consent(admin).client_id()
    except AccessDenied:
        return ""


def _back(admin: Admin) -> str:
    return f"{admin.settings.public_url or request.host_url.rstrip('/')}{BACK}"


# Disconnecting.


def _disconnect(admin: Admin) -> AnyResponse:
    if admin.connecting.accesses.named.file:
        raise UsageError("KIOSK_GOOGLE_CREDENTIALS names the credentials: unset it to disconnect.")
    choice, actor = _field("rooms"), _actor()
    if choice not in {"keep", "leave", "delete"}:
        raise UsageError("Say what is to become of the rooms.")
    if choice == "keep":
        return frame.done(f"Disconnected. {admin.connecting.disconnect(actor)}".strip(), HERE)
    admin.background.start(TASK, lambda report: _disconnect_all(admin, choice == "delete", actor, report))
    return frame.done("The rooms are being disconnected.", HERE)


def _disconnect_all(admin: Admin, delete_ours: bool, actor: Actor, report: Report) -> str:
    done, failed = unlinking.disconnect_organisation(admin.linking.work, delete_ours, admin.desk.settle, report)
    if failed:
        slug, reason = failed[0]
        raise KioskError(f"{len(failed)} rooms stay linked, and the credentials connected. {slug}: {reason}")
    admin.hush()
    left = admin.connecting.disconnect(actor)
    return f"Disconnected, with {len(done)} rooms. {left}".strip()


def _actor() -> Actor:
    return Actor(me().email, place())


def _field(name: str) -> str:
    return request.form.get(name, "").strip()[:400]
