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

from kiosk.emulator import faults, fields, tokens
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
            response = _answer(service, operation, ids, holder)
        except ApiError as error:
            response = error_response(error)
        except Exception:
            logger.exception("%s failed", operation.name)
            response = error_response(ApiError(500, "backendError", "Backend Error"))
        _record(service, operation.name, response, holder)
        return response

    return view


def _answer(service: Service, operation: Operation, ids: dict[str, str], holder: list[Caller]) -> Response:
    where = operation.name, unquote(request.full_path)
    connection = request.environ.get(SOCKET)
    if slow := service.faults.strike("slow", *where):
        service.faults.stopping.wait(slow.seconds)
    if service.faults.strike("drop_before", *where) and connection:
        faults.cut(connection)
        return Response(status=503)
    if wrong := service.faults.strike("status", *where):
        raise wrong.error()
    if service.faults.strike("html", *where):
        return Response("<!DOCTYPE html><title>Error 502</title>", status=502, content_type="text/html")
    response = _call(service, operation, ids, holder)
    if service.faults.strike("drop_after", *where) and connection:
        faults.cut(connection)
    elif service.faults.strike("truncate", *where) and connection:
        faults.truncate(connection, response.get_data())
    return response


def _call(service: Service, operation: Operation, ids: dict[str, str], holder: list[Caller]) -> Response:
    with service.changing():
        caller = tokens.holder(service.store, _bearer())
        holder.append(caller)
        if not caller.scopes & operation.scopes:
            raise insufficient_scopes(operation.name)
        mask = fields.parse(request.args["fields"]) if request.args.get("fields") else {}
        reply = operation.handler(service, caller, **ids)
    return _response(reply, mask)


def _bearer() -> str:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    token = token if kind.lower() == "bearer" else ""
    token = token or request.args.get("access_token", "") or request.args.get("oauth_token", "")
    if not token:
        raise login_required()
    return token


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
        if fault := service.faults.strike("status", "token", "/token"):
            response = json_response(json.dumps({"error": fault.reason or "server_error"}), fault.status)
        else:
            response = _granted(service)
        _record(service, "token", response, [])
        return response

    return view


def _granted(service: Service) -> Response:
    try:
        with service.changing():
            body = tokens.grant(service.store, request.form.to_dict(), request.host_url.rstrip("/"))
    except TokenError as error:
        return json_response(json.dumps(error.body, indent=2), error.status)
    return json_response(json.dumps(body))


def _unknown(rest: str) -> Response:
    return error_response(not_found())


def _record(service: Service, name: str, response: Response, holder: list[Caller]) -> None:
    quota_user = request.args.get("quotaUser") or request.headers.get("X-Goog-Quota-User", "")
    service.traffic.add(
        Request(
            name, request.method, unquote(request.path), request.query_string.decode(), response.status_code,
            holder[0].email if holder else "", quota_user,
        )
    )  # fmt: skip
