"""An event's own pictures: cover, logo and holding picture."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import Field

from webinar.api.access import HOST, HOST_OR_STUDIO
from webinar.api.operation import Call, Operation, read_file
from webinar.api.schemas import Reply
from webinar.base.errors import NotFound
from webinar.events.images import EventImage
from webinar.events.model import Event
from webinar.events.pictures import MAX_BYTES, Kind

_PICTURES: Final = ("image/jpeg", "image/png", "image/webp", "image/gif")


class ImageReply(Reply):
    kind: Literal["cover", "logo", "holding"]
    url: str = Field(description="For everybody, and for ever the same bytes.")
    type: str
    bytes: int
    width: int
    height: int
    sha256: str


class ImagesReply(Reply):
    items: list[ImageReply]
    next: None = None


async def _image(call: Call, event: Event, image: EventImage) -> ImageReply:
    brand = await call.platform.images.brand(event)
    return ImageReply(
        kind=image.kind.value,
        url=call.platform.links.absolute(brand.path(image)),
        type=image.type,
        bytes=image.bytes,
        width=image.width,
        height=image.height,
        sha256=image.sha256,
    )


def _kind(call: Call) -> Kind:
    """Raises `NotFound`."""
    try:
        return Kind(call.request.path_params["kind"])
    except ValueError as error:
        raise NotFound("There is no such kind of picture: cover, logo or holding.", code="not_found") from error


async def list_images(call: Call) -> ImagesReply:
    event = await call.platform.events.get(call.event_id)
    return ImagesReply(items=[await _image(call, event, image) for image in await call.platform.images.all(event.id)])


async def put_image(call: Call) -> ImageReply:
    kind = _kind(call)
    event = await call.platform.events.get(call.event_id)
    return await _image(call, event, await call.platform.images.put(event.id, kind, await _uploaded(call)))


async def delete_image(call: Call) -> None:
    await call.platform.images.remove(call.event_id, _kind(call))


async def _uploaded(call: Call) -> bytes:
    """Raises `UnsupportedMedia`, `TooLarge`, `BadRequest`."""
    larger = "The picture is larger than 10 MB. Make it smaller and try again."
    return await read_file(call.request, _PICTURES, MAX_BYTES, larger)


_EVENT: Final = "/events/{event_id}"
_IMAGE: Final = f"{_EVENT}/images/{{kind}}"
IMAGES: Final = (
    Operation(
        name="listImages",
        method="GET",
        path=f"{_EVENT}/images",
        summary="Cover, logo and holding picture, as far as there are some",
        tag="planning",
        callers=HOST_OR_STUDIO,
        handler=list_images,
        reply=ImagesReply,
    ),
    Operation(
        name="setImage",
        method="PUT",
        path=_IMAGE,
        summary="A picture in place of the one of its kind; it is encoded anew",
        tag="planning",
        callers=HOST,
        handler=put_image,
        takes=_PICTURES,
        reply=ImageReply,
    ),
    Operation(
        name="deleteImage",
        method="DELETE",
        path=_IMAGE,
        summary="No picture of this kind any more",
        tag="planning",
        callers=HOST,
        handler=delete_image,
        status=204,
    ),
)
