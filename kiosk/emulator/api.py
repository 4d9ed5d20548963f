"""The addresses of Google's that the stand-in serves, and the frame around every answer."""

from __future__ import annotations

import gzip
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from flask import Flask, Response, request

from kiosk.emulator import consents, faults, fields, quota, tokens
from kiosk.emulator.acl import Caller
from kiosk.emulator.errors import (
    ApiError,
    TokenError,
    bad_request,
    insufficient_scopes,
    login_required,
    not_found,
)
from kiosk.emulator.traffic import Request
from kiosk.emulator.values import Json
from kiosk.emulator.wire import SOCKET

if TYPE_CHECKING:
    from kiosk.emulator.service import Service

logger = logging.getLogger(__name__)
_GZIP_FROM = 256
_TOKEN_ERRORS = {"backendError": "server_error", "authError": "invalid_client"}


@dataclass(frozen=True, slots=True)
class Reply:
    """What a handler answers; no body means 204."""

    body: Json | None
    etag: str = ""


Handler = Callable[..., Reply]


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of Google's API: its name as in error details, who may call it, and what does it."""

    name: str
    method: str
    rule: str
    scopes: frozenset[str]
    handler: Handler


def register(app: Flask, service: Service, operations: list[Operation]) -> None:
    """Serve those operations, the token endpoint, and Google's 404 for everything else below them."""
    for operation in operations:
        app.add_url_rule(operation.rule, operation.name, _view(service, operation), methods=[operation.method])
    app.add_url_rule("/token", "token", _token_view(service), methods=["POST"])
    for root in ("/calendar/v3/<path:rest>", "/admin/<path:rest>"):
        app.add_url_rule(root, root, _unknown, methods=["GET", "POST", "PUT", "PATCH", "DELETE"])


def json_body() -> Json:
    """The request's JSON object."""
    try:
        body = json.loads(request.get_data() or b"{}")
    except ValueError:
        raise bad_request("Parse Error", "parseError") from None
    if not isinstance(body, dict):
        raise bad_request("Parse Error", "parseError")
    return body


class MethodOverride:
    """Google's clients send a GET whose address is too long as a POST with the query as its form."""

    def __init__(self, app: Callable[..., Any]) -> None:
        self._app = app

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        """Turn such a request back into the GET it stands for."""
        if environ["REQUEST_METHOD"] == "POST" and environ.get("HTTP_X_HTTP_METHOD_OVERRIDE") == "GET":
            length = int(environ.get("CONTENT_LENGTH") or 0)
            query = environ["wsgi.input"].read(length).decode()
            joined = "&".join(part for part in (environ.get("QUERY_STRING"), query) if part)
            environ |= {"REQUEST_METHOD": "GET", "QUERY_STRING": joined, "CONTENT_LENGTH": "0"}
            environ["wsgi.input"] = BytesIO()
        return self._app(environ, start_response)


def _view(service: Service, operation: Operation) -> Callable[..., Response]:
    def view(**ids: str) -> Response:
        holder: list[Caller] = []
        try:
            _lose_tokens(service, operation.name, ids)
            response = under_faults(service, operation.name, lambda: _call(service, operation, ids, holder))
        except ApiError as error:
            response = error_response(error)
        except Exception:
            logger.exception("%s failed", operation.name)
            response = error_response(ApiError(500, "backendError", "Backend Error"))
        record(service, operation.name, response, holder)
        return response

    return view


def under_faults(service: Service, name: str, answer: Callable[[], Response]) -> Response:
    """The answer, or what the faults on order make of it; ApiError for an ordered status."""
    where = name, unquote(request.full_path)
    connection = request.environ.get(SOCKET)
    if slow := service.faults.strike("slow", *where):
        service.faults.stopping.wait(slow.seconds)
    if connection and service.faults.strike("drop_before", *where):
        faults.cut(connection)
        return Response(status=503)
    if wrong := service.faults.strike("status", *where):
        raise wrong.error()
    if service.faults.strike("html", *where):
        return Response("<!DOCTYPE html><title>Error 502</title>", status=502, content_type="text/html")
    response = answer()
    if connection and service.faults.strike("drop_after", *where):
        faults.cut(connection)
    elif connection and service.faults.strike("truncate", *where):
        faults.truncate(connection, response.get_data())
    return response


def _lose_tokens(service: Service, name: str, ids: dict[str, str]) -> None:
    """Faults that end tokens do so for good, before the request that meets them is looked at."""
    where = name, unquote(request.full_path)
    if service.faults.strike("revoke", *where):
        with service.changing():
            tokens.revoke_all(service.store)
    if "calendar_id" in ids and service.faults.strike("forget_sync", *where):
        with service.changing():
            if calendar := service.store.calendar(ids["calendar_id"]):
                service.store.drop_tokens(calendar)


def _call(service: Service, operation: Operation, ids: dict[str, str], holder: list[Caller]) -> Response:
    with service.changing():
        caller = tokens.holder(service.store, bearer())
        holder.append(caller)
        service.quota.spend(operation.name, quota.payer(caller, _quota_user()))
        if not caller.scopes & operation.scopes:
            raise insufficient_scopes(operation.name)
        mask = fields.parse(request.args["fields"]) if request.args.get("fields") else {}
        reply = operation.handler(service, caller, **ids)
    return _response(reply, mask)


def bearer() -> str:
    """The access token that came with the request; 401 when there is none."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    token = token if kind.lower() == "bearer" else ""
    token = token or request.args.get("access_token", "") or request.args.get("oauth_token", "")
    if not token:
        raise login_required()
    return token


def _quota_user() -> str:
    return request.args.get("quotaUser") or request.headers.get("X-Goog-Quota-User", "")


def _response(reply: Reply, mask: fields.Mask) -> Response:
    if reply.body is None:
        return Response(status=204)
    if reply.etag and request.headers.get("If-None-Match") == reply.etag:
        return Response(status=304, headers={"ETag": reply.etag})
    pretty = 2 if request.args.get("prettyPrint") == "true" else None
    response = json_response(json.dumps(fields.apply(mask, reply.body), indent=pretty))
    if reply.etag:
        response.headers["ETag"] = reply.etag
    return response


def json_response(text: str, status: int = 200) -> Response:
    """A JSON answer with Google's headers, packed when the caller can unpack it."""
    body = text.encode()
    response = Response(body, status=status, content_type="application/json; charset=UTF-8")
    response.headers["Vary"] = "Origin, X-Origin, Referer"
    response.headers["Cache-Control"] = "private"
    if len(body) >= _GZIP_FROM and "gzip" in request.headers.get("Accept-Encoding", ""):
        response.set_data(gzip.compress(body, 1))
        response.headers["Content-Encoding"] = "gzip"
    return response


def error_response(error: ApiError) -> Response:
    """An error in Google's envelope."""
    response = json_response(error.body(), error.status)
    response.headers.extend(error.headers)
    return response


def _token_view(service: Service) -> Callable[[], Response]:
    def view() -> Response:
        try:
            response = under_faults(service, "token", lambda: _granted(service))
        except ApiError as error:
            body = {"error": _TOKEN_ERRORS.get(error.error["reason"], error.error["reason"])}
            response = json_response(json.dumps(body), error.status)
        record(service, "token", response, [])
        return response

    return view


def _granted(service: Service) -> Response:
    try:
        with service.changing():
            body = _grant(service, request.form.to_dict())
    except TokenError as error:
        return json_response(json.dumps(error.body, indent=2), error.status)
    return json_response(json.dumps(body))


def _grant(service: Service, form: dict[str, str]) -> Json:
    if request.authorization and request.authorization.type == "basic":
        form = {"client_id": request.authorization.username or "",
                "client_secret": request.authorization.password or ""} | form  # fmt: skip
    if form.get("grant_type") in {"authorization_code", "refresh_token"}:
        return consents.exchange(service.store, form)
    return tokens.grant(service.store, form, request.host_url.rstrip("/"))


def _unknown(rest: str) -> Response:
    return error_response(not_found())


def record(service: Service, name: str, response: Response, holder: list[Caller]) -> None:
    """Note the request among the traffic."""
    service.traffic.add(
        Request(
            name, request.method, unquote(request.path), request.query_string.decode(), response.status_code,
            holder[0].email if holder else "", _quota_user(),
        )
    )  # fmt: skip
