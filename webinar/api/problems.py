"""Every error of the API, WHIP and WHEP as `application/problem+json` (RFC 9457). The one place errors become HTTP."""

from __future__ import annotations

import http
import secrets

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from webinar.api.schemas import FieldError, Problem
from webinar.base import db, log
from webinar.base.errors import Unauthenticated, Unavailable, WebinarError

_log = log.get(__name__)
_HTTP_CODES = {404: "not_found", 405: "method_not_allowed", 413: "too_large"}
_HTTP_TEXTS = {
    404: "There is nothing at this address. /api/v1/openapi.json lists what there is.",
    405: "This method is not available here; `Allow` lists those that are.",
    413: "The body is larger than 64 KB.",
}


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    errors: list[FieldError] | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    """One problem document."""
    body = Problem(title=http.HTTPStatus(status).phrase, status=status, detail=detail, code=code, errors=errors or [])
    return Response(
        body.model_dump_json(),
        status,
        headers={"Cache-Control": "no-store", **(headers or {})},
        media_type="application/problem+json",
    )


def answer(request: Request, error: Exception) -> Response:
    """The answer to whatever a handler raised; faults of the program are logged with a number to quote."""
    match error:
        case WebinarError():
            return _ours(error)
        case HTTPException():
            status = error.status_code
            return problem(
                status,
                _HTTP_CODES.get(status, "bad_request" if status < 500 else "internal"),
                _HTTP_TEXTS.get(status, str(error.detail)),
                headers=dict(error.headers or {}),
            )
        case _ if db.is_down(error):
            _log.warning("database is away", path=request.url.path, error=type(error).__name__)
            return _ours(Unavailable("The database is away for a moment. Try again.", retry_after_s=2))
        case _:
            incident = secrets.token_hex(4)
            _log.error("request failed", path=request.url.path, incident=incident, exc_info=error)
            return problem(500, "internal", f"Something broke on our side. It is logged as {incident}.")


def _ours(error: WebinarError) -> Response:
    headers = {}
    if error.retry_after_s is not None or error.status == 503:
        headers["Retry-After"] = str(error.retry_after_s or 2)
    if isinstance(error, Unauthenticated):
        missing = error.code == "token_missing"
        headers["WWW-Authenticate"] = 'Bearer realm="webinar"' + ("" if missing else ', error="invalid_token"')
    errors = [FieldError(field=field.field, message=field.message) for field in error.fields]
    return problem(error.status, error.code, error.message, errors=errors, headers=headers)
