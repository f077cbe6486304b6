"""What the script of the device test says: how a check went, and the one thing to do."""

from __future__ import annotations

from typing import Final

from webinar.pages.room_texts import Table


def _(message: str) -> str:
    return message


_HTTPS: Final = _("Browsers give camera and microphone to https pages only. Open this page by its https address.")

DEVICE: Final[Table] = {
    "sum_good": _("This device is ready."),
    "sum_open": _("So far all is well. There is still something to try below."),
    "sum_warn": _("It will work, though not as well as it could: {n} to look at."),
    "sum_bad": _("Something does not work yet: {n} to look at."),
    "player_live": _("This browser plays the event live."),
    "player_delayed": _(
        "This browser plays the event a few seconds later. Current Chrome, Edge or Safari play it live."
    ),
    "player_none": _("This browser cannot play the event. Open this page in Chrome, Edge, Safari or Firefox."),
    "network_trying": _("Trying the way to the server…"),
    "network_good": _("Picture and sound come straight through, less than a second behind."),
    "network_slow": _(
        "This network lets no live media (UDP, port {port}) through. You will watch a few seconds later; for less, use"
        " another network."
    ),
    "network_busy": _("Many are trying just now. Try again in a minute."),
    "network_away": _("The server did not answer. Check your connection, then try again."),
    "awake_good": _("The screen stays on while you watch."),
    "awake_bad": _("This browser cannot keep the screen on. Set the device not to sleep during the event."),
    "sound_good": _("You hear the event."),
    "sound_bad": _("Turn up the volume, switch silent mode off and check the chosen speaker. Then play it again."),
    "camera_good": _("Your camera works."),
    "camera_insecure": _HTTPS,
    "camera_denied": _("The browser blocks the camera. Allow it with the icon beside the address, then try again."),
    "camera_none": _("No camera was found. Connect one, then try again."),
    "camera_busy": _("Another program is using the camera. Close it there, then try again."),
    "camera_failed": _("The camera could not be opened. Unplug it, plug it in and try again."),
    "microphone_speak": _("Say something: is the bar moving?"),
    "microphone_good": _("We hear you."),
    "microphone_insecure": _HTTPS,
    "microphone_denied": _(
        "The browser blocks the microphone. Allow it with the icon beside the address, then try again."
    ),
    "microphone_none": _("No microphone was found. Connect one, then try again."),
    "microphone_busy": _("Another program is using the microphone. Close it there, then try again."),
    "microphone_failed": _("The microphone could not be opened. Unplug it, plug it in and try again."),
    "echo_done": _("That is how others see and hear you. Too quiet or an echo? Use a headset."),
}
