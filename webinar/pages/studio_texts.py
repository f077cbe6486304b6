"""What the scripts of the studio say, given to them in its page; `{name}` is theirs to fill in."""

from __future__ import annotations

from typing import Final

from webinar.pages.room_texts import Table


def _(message: str) -> str:
    return message


STUDIO: Final[Table] = {
    "camera": _("Camera"),
    "microphone": _("Microphone"),
    "not_used": _("Not used"),
    "mic_on": _("Microphone on"),
    "mic_off": _("Microphone off"),
    "camera_on": _("Camera on"),
    "camera_off": _("Camera off"),
    "share_screen": _("Share a screen"),
    "stop_sharing": _("Stop sharing"),
    "camera_insecure": _(
        "Browsers give camera and microphone to https pages only. Open this page by its https address."
    ),
    "camera_denied": _("The browser blocks the camera. Allow it with the icon beside the address, then try again."),
    "camera_none": _("No camera was found. Connect one, or share a screen."),
    "camera_busy": _("Another program is using the camera. Close it there, then try again."),
    "camera_failed": _("The camera could not be opened. Unplug it, plug it in and try again."),
    "microphone_insecure": _(
        "Browsers give camera and microphone to https pages only. Open this page by its https address."
    ),
    "microphone_denied": _(
        "The browser blocks the microphone. Allow it with the icon beside the address, then try again."
    ),
    "microphone_none": _("No microphone was found. Connect one, then try again."),
    "microphone_busy": _("Another program is using the microphone. Close it there, then try again."),
    "microphone_failed": _("The microphone could not be opened. Unplug it, plug it in and try again."),
    "screen_insecure": _("Browsers share screens on https pages only. Open this page by its https address."),
    "screen_none": _("This browser cannot share a screen. Use a browser on a computer."),
    "screen_busy": _("The screen could not be shared. Try another window or screen."),
    "screen_failed": _("The screen could not be shared. Try another window or screen."),
    "lost_camera": _("The camera was disconnected."),
    "lost_microphone": _("The microphone was disconnected."),
    "lost_screen": _("Screen sharing has stopped."),
    "instead": _("Now in use: {name}."),
    "needs_camera": _("Turn on the camera first."),
    "needs_content": _("Share a screen or open slides first."),
    "slide": _("Slide {n}"),
    "slide_of": _("{n} of {all}"),
    "slide_broken": _("Slide {n} could not be drawn. The others work."),
    "pdf_opening": _("Opening {name}…"),
    "pdf_drawing": _("Opening {name}: drawing the first of {n} slides…"),
    "pdf_locked": _("This PDF has a password. Save a copy without one and open that."),
    "pdf_broken": _("This file could not be read as a PDF. Export it again as PDF, then open that."),
    "pdf_loading": _("The slides could not be opened just now. Check your network and try again."),
    "check_picture": _("Your picture looks fine."),
    "check_slides": _("Your slides are the picture."),
    "check_small_picture": _("The picture is small. Choose a better camera if you have one."),
    "check_no_picture": _("No camera, no screen and no slides yet. Turn one on, or go live with sound only."),
    "check_voice": _("We hear you."),
    "check_speak": _("Say something: is the bar moving?"),
    "check_unheard": _("Nothing is heard. Choose another microphone, or check the one you have."),
    "check_muted": _("The microphone is off. Turn it on before you speak."),
    "check_no_voice": _("No microphone yet."),
    "check_way": _("What you send arrives well."),
    "check_no_way": _("Nothing is sent yet."),
    "check_arriving": _("Waiting for the server to receive it…"),
    "check_measuring": _("Measuring for a few seconds…"),
    "check_lossy_way": _("Your network loses part of it. Use a cable, or move closer to the Wi-Fi router."),
    "check_narrow_way": _("Your network is too slow for a sharp picture. Use a cable, or close other uploads."),
    "check_lost_way": _("The server cannot be reached. Check your network."),
    "saved": _("Saved up to {t}"),
    "viewers": _("{n} watching"),
    "in_lobby": _("{n} in the lobby"),
    "sent": _("Sending {mbit} Mbit/s · {height}p · {fps} fps · {ms} ms"),
    "sent_sound": _("Sending sound: {kbit} kbit/s · {ms} ms"),
    "signal_off": "",
    "signal_good": _("Good connection"),
    "signal_fair": _("Fair connection"),
    "signal_poor": _("Poor connection"),
    "signal_away": _("Reconnecting…"),
    "send_connecting": _("Connecting…"),
    "send_reconnecting": _("The connection was lost. Reconnecting… viewers see a holding picture."),
    "send_refused": _("This studio may not send any more. Open your link again."),
    "draft": _("This event is a draft. Publish it on its page, then go live."),
    "start_failed": _("The event could not go live. Check your network and try again."),
    "end_failed": _("The event could not be ended. Check your network and try again."),
    "pause_failed": _("The event could not be paused: viewers still see and hear you. Try again."),
    "resume_failed": _("The event could not go on. Try again."),
    "paused_notice": _("Paused: viewers see the holding picture and hear nothing."),
    "health_good": _("All is well"),
    "health_none": _("Nothing sent yet"),
    "health_fair": _("Limited"),
    "health_bad": _("Trouble"),
    "health_watching": _("Over the fast path {whep} · over HTTPS {hls} · in the lobby {lobby}"),
    "health_behind_fast": _("Fast path {median} / {most} s"),
    "health_behind_https": _("HTTPS {median} / {most} s"),
    "health_server": _("{n} s"),
    "health_first": _("{median} / {most} s"),
    "health_nothing": _(
        "Nothing arrives: viewers see a holding picture. Turn on a camera or a microphone, or share a screen."
    ),
    "health_silent": _("The media service does not answer. It is being restarted; the recording so far is safe."),
    "health_disk_full": _(
        "The server's disk is full: nothing more is being recorded. Free some space; recording goes on by itself. The"
        " live picture is not affected."
    ),
    "health_room": _(
        "The server's disk has room for about {n} more minutes of recording. Free some space soon. The live picture is"
        " not affected."
    ),
    "health_disk": _("The server's disk does not keep up: recording is behind. The live picture is not affected."),
    "health_lossy": _("Part of what you send is lost on the way. A cable instead of Wi-Fi helps most."),
    "overload": _("The server is busy, so the picture is lowered for now; sound and recording go on without a gap."),
    "overload_of": _(
        "The server is busy, so the picture of {names} is lowered for now; sound and recording go on without a gap."
    ),
    "no_recording": _("There is no recording of this event."),
    "recording_ready": _("The recording is ready: {t}, {size}."),
    "recording_failed": _("The recording could not be finished. Ask whoever runs this server to look at its log."),
}
