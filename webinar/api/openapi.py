"""The OpenAPI 3.1 document of the API, made from the table of operations and the models they name."""

from __future__ import annotations

import importlib.metadata
import re
from collections.abc import Iterable
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from webinar.api.access import Caller
from webinar.api.operation import HIGHEST, Operation
from webinar.api.schemas import Problem
from webinar.mail.model import Kind
from webinar.recordings.captions import LANGUAGES

_REF: Final = "#/components/schemas/{model}"
_SCHEMES: Final = {
    Caller.HOST: ("apiToken", "An API token: `webinar token create`. All rights of the owner."),
    Caller.STUDIO: ("studioToken", "What a studio page holds, for its one event."),
    Caller.MODERATOR: ("consoleToken", "What a moderator's console holds, for its one event."),
    Caller.VIEWER: ("viewerToken", "`viewer_token` of an approved attendee."),
}
_PARAMETERS: Final = {
    "event_id": "Id of the event.",
    "attendee_id": "Id of the attendee.",
    "link_id": "Id of the link.",
    "webhook_id": "Id of the webhook.",
    "delivery_id": "Id of the delivery.",
    "certificate_id": "Id of the certificate.",
    "kind": "Of a picture.",
    "letter_id": "Id of the letter.",
    "mail": "Kind of letter.",
    "language": "Of captions.",
    "file_id": "As `GET …/files` lists it.",
    "seq": "The number of the message or question, as lists have it.",
    "poll": "The number of the poll, as the list has it.",
    "hand": "The number of the hand, as the list has it.",
}
_NUMBER: Final = {"type": "integer", "minimum": 1, "maximum": HIGHEST}
_NO_IDS: Final = {
    "kind": {"type": "string", "enum": ["cover", "logo", "holding"]},
    "mail": {"type": "string", "enum": [kind.value for kind in Kind]},
    "language": {"type": "string", "enum": list(LANGUAGES)},
    **dict.fromkeys(("seq", "poll", "hand"), _NUMBER),
}


def document(operations: Iterable[Operation], server: str) -> dict[str, Any]:
    """The whole document; `server` is the absolute address of `/api/v1`."""
    table = tuple(operations)
    paths: dict[str, dict[str, Any]] = {}
    for operation in table:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Webinar API",
            "version": importlib.metadata.version("webinar"),
            "description": "Times are RFC 3339 in UTC. Errors are RFC 9457 problem documents with a stable `code`.",
        },
        "servers": [{"url": server}],
        "paths": paths,
        "components": {
            "schemas": _schemas(table),
            "securitySchemes": {
                name: {"type": "http", "scheme": "bearer", "description": text} for name, text in _SCHEMES.values()
            },
        },
    }


def _operation(operation: Operation) -> dict[str, Any]:
    made: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "tags": [operation.tag],
        "security": [{_SCHEMES[caller][0]: []} for caller in sorted(operation.callers)],
        "responses": _responses(operation),
    }
    if parameters := _parameters(operation):
        made["parameters"] = parameters
    if operation.takes:
        file = {"schema": {"type": "string", "format": "binary"}}
        made["requestBody"] = {"required": True, "content": dict.fromkeys(operation.takes, file)}
    if operation.body is not None:
        made["requestBody"] = {"required": True, "content": {"application/json": {"schema": _ref(operation.body)}}}
    return made


def _responses(operation: Operation) -> dict[str, Any]:
    done: dict[str, Any] = {"description": operation.summary}
    if operation.reply is not None:
        done["content"] = {"application/json": {"schema": _ref(operation.reply)}}
    elif operation.file:
        data = operation.file == "application/json"
        schema = {"type": "object"} if data else {"type": "string", "format": "binary"}
        done["content"] = {operation.file: {"schema": schema}}
    responses = {str(operation.status): done}
    for status, text in operation.all_errors.items():
        found: dict[str, Any] = {
            "description": text,
            "content": {"application/problem+json": {"schema": _ref(Problem)}},
        }
        if status == 401:
            found["headers"] = {"WWW-Authenticate": {"required": True, "schema": {"type": "string"}}}
        if status == 503:
            found["headers"] = {"Retry-After": {"required": True, "schema": {"type": "integer", "minimum": 1}}}
        responses[str(status)] = found
    return responses


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    parameters: list[dict[str, Any]] = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": _PARAMETERS[name],
            "schema": _NO_IDS.get(name, {"type": "string", "format": "uuid"}),
        }
        for name in re.findall(r"{(\w+)}", operation.path)
    ]
    if operation.query is not None:
        schema = operation.query.model_json_schema(ref_template=_REF)
        for name, field in schema["properties"].items():
            parameters.append(
                {
                    "name": name,
                    "in": "query",
                    "required": name in schema.get("required", ()),
                    "description": field.get("description", ""),
                    "schema": _without_null(field, schema.get("$defs", {})),
                }
            )
    return parameters


def _without_null(field: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """A query cannot hold null: an absent parameter is what the model calls None."""
    kept = {k: v for k, v in field.items() if k not in ("anyOf", "default", "title", "description")}
    for choice in field.get("anyOf", []):
        if "$ref" in choice:
            kept |= definitions[choice["$ref"].rsplit("/", 1)[1]]
        elif choice.get("type") != "null":
            kept |= choice
    if field.get("default") is not None:
        kept["default"] = field["default"]
    kept.pop("title", None)
    return kept


def _ref(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": _REF.format(model=model.__name__)}


def _schemas(operations: tuple[Operation, ...]) -> dict[str, Any]:
    taken = {o.body for o in operations if o.body is not None}
    given = {o.reply for o in operations if o.reply is not None} | {Problem}
    models = [(m, "validation") for m in taken] + [(m, "serialization") for m in given]
    _, schemas = models_json_schema(sorted(models, key=lambda m: m[0].__name__), ref_template=_REF)  # type: ignore[arg-type] # modes are literals
    return dict(schemas["$defs"])
