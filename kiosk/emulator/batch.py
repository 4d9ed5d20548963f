"""The batch address: many requests of one API in one, each answered as if it had come alone."""

from __future__ import annotations

import re
from email import message_from_bytes
from email.message import Message
from io import BytesIO
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

from flask import Flask, Response, request
from werkzeug.wrappers import Response as BaseResponse

from kiosk.emulator import api
from kiosk.emulator.errors import ApiError, bad_request
from kiosk.emulator.service import Service
from kiosk.emulator.wire import SOCKET

_MOST = 1000
_ROOTS = {"calendar": "/calendar/v3/", "admin": "/admin/directory/"}
_LINE = re.compile(rb"([A-Z]+) (\S+)(?: HTTP/[\d.]+)?\r?\n")
_NOT_INHERITED = ("HTTP_ACCEPT_ENCODING", "HTTP_X_HTTP_METHOD_OVERRIDE", "HTTP_IF_MATCH", "HTTP_IF_NONE_MATCH", SOCKET)


def register(app: Flask, service: Service) -> None:
    """Serve /batch/calendar/v3 and its sister of the Directory."""

    def view(name: str, version: str) -> Response:
        try:
            return api.under_faults(service, "batch", lambda: _answer(app, name))
        except ApiError as error:
            return api.error_response(error)

    app.add_url_rule("/batch/<name>/<version>", "batch", view, methods=["POST"])


def _answer(app: Flask, name: str) -> Response:
    if name not in _ROOTS:
        raise ApiError(404, "notFound", "Not Found")
    parts = _parts()
    if len(parts) > _MOST:
        raise bad_request(f"The batch request exceeds the limit of {_MOST} calls.", "invalid")
    boundary = "batch_" + re.sub(r"\W", "", parts[0].get_boundary() or "answer")
    pieces = [_piece(boundary, part, _single(app, part, _ROOTS[name])) for part in parts]
    body = b"".join(pieces) + f"--{boundary}--\r\n".encode()
    return Response(body, content_type=f"multipart/mixed; boundary={boundary}")


def _parts() -> list[Message]:
    head = f"Content-Type: {request.headers.get('Content-Type', '')}\r\n\r\n".encode()
    whole = message_from_bytes(head + request.get_data())
    parts = whole.get_payload() if whole.is_multipart() else []
    found = [part for part in parts if isinstance(part, Message)] if isinstance(parts, list) else []
    if not found or any(part.get_content_type() != "application/http" for part in found):
        raise bad_request("Failed to parse batch request, error: 0 items. Received batch body: (0) bytes", "badRequest")
    return found


def _single(app: Flask, part: Message, root: str) -> BaseResponse:
    """Answer one part through the whole application, with the credentials of the batch."""
    content = part.get_payload(decode=True)
    found = _LINE.match(content.lstrip()) if isinstance(content, bytes) else None
    if found is None or not isinstance(content, bytes):
        raise bad_request("Failed to parse batch request.", "badRequest")
    inner = message_from_bytes(content.lstrip()[found.end() :])
    body = inner.get_payload(decode=True)
    target = urlsplit(found[2].decode())
    if not target.path.startswith(root):
        return api.error_response(ApiError(404, "notFound", "Not Found"))
    environ = _environ(found[1].decode(), target.path, target.query, inner, body if isinstance(body, bytes) else b"")
    return BaseResponse.from_app(app.wsgi_app, environ)


def _environ(method: str, path: str, query: str, headers: Message, body: bytes) -> dict[str, Any]:
    environ: dict[str, Any] = {
        name: value for name, value in request.environ.items() if name not in _NOT_INHERITED and "." not in name
    }
    environ |= {name: request.environ[name] for name in request.environ if name.startswith("wsgi.")}
    environ |= {
        "REQUEST_METHOD": method, "PATH_INFO": unquote_to_bytes(path).decode("latin-1"), "QUERY_STRING": query,
        "CONTENT_TYPE": headers.get("Content-Type", ""), "CONTENT_LENGTH": str(len(body)), "wsgi.input": BytesIO(body),
    }  # fmt: skip
    for name, value in headers.items():
        if name.lower() not in {"content-type", "content-length", "accept-encoding"}:
            environ["HTTP_" + name.upper().replace("-", "_")] = value
    return environ


def _piece(boundary: str, part: Message, answer: BaseResponse) -> bytes:
    label = part.get("Content-ID", "")
    content_id = f"Content-ID: <response-{label.strip('<>')}>\r\n" if label else ""
    head = f"--{boundary}\r\nContent-Type: application/http\r\n{content_id}\r\nHTTP/1.1 {answer.status}\r\n"
    body = answer.get_data()
    headers = "".join(f"{name}: {value}\r\n" for name, value in answer.headers if name != "Content-Length")
    return f"{head}{headers}Content-Length: {len(body)}\r\n\r\n".encode() + body + b"\r\n"
