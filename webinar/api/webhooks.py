"""Webhooks: made, listed, deleted, enabled again; what was sent to each, and once more."""

from __future__ import annotations

import uuid
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from webinar.api.access import HOST
from webinar.api.operation import Call, Operation
from webinar.api.schemas import Reply, Time
from webinar.hooks.model import MAX_URL, Delivery, HookType, Webhook

_PATH: Final = "/webhooks"
_ONE: Final = "/webhooks/{webhook_id}"


class NewWebhook(BaseModel):
    model_config = ConfigDict(extra="forbid")

    url: Annotated[str, Field(min_length=1, max_length=MAX_URL)]
    types: Annotated[
        list[Annotated[HookType, Field(strict=False)]],
        Field(min_length=1, max_length=len(HookType), description="What to be told of."),
    ]
    event_id: Annotated[uuid.UUID | None, Field(default=None, strict=False, description="Null: of all events.")]


class WebhookQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    event_id: Annotated[uuid.UUID | None, Field(default=None, description="Without: those of all events.")]


class WebhookReply(Reply):
    id: uuid.UUID
    event_id: uuid.UUID | None
    url: str
    types: list[str]
    created_at: Time
    failing_since: Time | None
    disabled_at: Time | None = Field(description="Nothing was taken for days: it is told nothing more.")


class WebhookMade(WebhookReply):
    secret: str = Field(description="Signs every message (Standard Webhooks); shown this once.")


class WebhookList(Reply):
    items: list[WebhookReply]
    next: None = None


class DeliveryReply(Reply):
    id: uuid.UUID
    type: str
    created_at: Time
    attempts: int
    tried_at: Time | None
    delivered_at: Time | None
    given_up_at: Time | None
    status: int | None = Field(description="Of the last answer.")
    error: str | None


class DeliveryList(Reply):
    items: list[DeliveryReply]
    next: None = None


def _fields(hook: Webhook) -> dict[str, object]:
    names = ("id", "event_id", "url", "created_at", "failing_since", "disabled_at")
    return {**{name: getattr(hook, name) for name in names}, "types": list(hook.types)}


def _delivery(delivery: Delivery) -> DeliveryReply:
    return DeliveryReply(**{name: getattr(delivery, name) for name in DeliveryReply.model_fields})


async def create(call: Call) -> WebhookMade:
    new = call.body(NewWebhook)
    if new.event_id is not None:
        await call.platform.events.get(new.event_id)
    hook, secret = await call.platform.hooks.make(new.event_id, new.url, new.types)
    return WebhookMade.model_validate({**_fields(hook), "secret": secret})


async def listed(call: Call) -> WebhookList:
    hooks = await call.platform.hooks.of(call.query(WebhookQuery).event_id)
    return WebhookList(items=[WebhookReply.model_validate(_fields(hook)) for hook in hooks])


async def delete(call: Call) -> None:
    await call.platform.hooks.delete(call.path_id("webhook_id"))


async def enable(call: Call) -> WebhookReply:
    hook_id = call.path_id("webhook_id")
    await call.platform.hooks.enable(hook_id)
    return WebhookReply.model_validate(_fields(await call.platform.hooks.get(hook_id)))


async def deliveries(call: Call) -> DeliveryList:
    hook = await call.platform.hooks.get(call.path_id("webhook_id"))
    return DeliveryList(items=[_delivery(one) for one in await call.platform.hooks.deliveries(hook.id, 100)])


async def resend(call: Call) -> None:
    await call.platform.hooks.resend(call.path_id("webhook_id"), call.path_id("delivery_id"))


WEBHOOKS: Final = (
    Operation(
        name="createWebhook",
        method="POST",
        path=_PATH,
        summary="Have another program told of what happens",
        tag="webhooks",
        callers=HOST,
        handler=create,
        status=201,
        body=NewWebhook,
        reply=WebhookMade,
        errors={404: "Unknown event.", 409: "There are too many already."},
    ),
    Operation(
        name="listWebhooks",
        method="GET",
        path=_PATH,
        summary="Webhooks of one event, or of all",
        tag="webhooks",
        callers=HOST,
        handler=listed,
        query=WebhookQuery,
        reply=WebhookList,
    ),
    Operation(
        name="deleteWebhook",
        method="DELETE",
        path=_ONE,
        summary="Tell it nothing more",
        tag="webhooks",
        callers=HOST,
        handler=delete,
        status=204,
    ),
    Operation(
        name="enableWebhook",
        method="POST",
        path=f"{_ONE}/enable",
        summary="Tell one again that was disabled after days without an answer",
        tag="webhooks",
        callers=HOST,
        handler=enable,
        reply=WebhookReply,
    ),
    Operation(
        name="listDeliveries",
        method="GET",
        path=f"{_ONE}/deliveries",
        summary="The newest 100 messages and how they went; kept for 30 days",
        tag="webhooks",
        callers=HOST,
        handler=deliveries,
        reply=DeliveryList,
    ),
    Operation(
        name="resendDelivery",
        method="POST",
        path=f"{_ONE}/deliveries/{{delivery_id}}/resend",
        summary="Send the same message once more",
        tag="webhooks",
        callers=HOST,
        handler=resend,
        status=204,
    ),
)
