"""What the scripts of room and studio say, given to them in their page; `{name}` is theirs to fill in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

Table = Mapping[str, str]


def _(message: str) -> str:
    return message


CHAT: Final[Table] = {
    "sending": _("Sending…"),
    "resend": _("Send again"),
    "discard": _("Discard"),
    "you": _("You"),
    "role_host": _("Host"),
    "role_presenter": _("Speaker"),
    "role_moderator": _("Moderator"),
    "new_messages": _("New messages ({n})"),
    "people": _("{n} in the chat"),
    "wait": _("A moment, please: you can write again in {n} s."),
    "too_many_waiting": _("Too many messages are waiting to be sent. They go out as soon as the chat is back."),
    "chat_down": _("The chat is reconnecting. What you write is kept and sent then; the picture is not affected."),
    "nak_too_long": _("This message is too long."),
    "nak_empty": _("This message was empty."),
    "nak_other": _("This message could not be sent."),
    "bye_gone": _("The chat of this event is closed."),
    "bye_revoked": _("This link is not valid any more."),
    "bye_other": _("The chat is closed on this page. Reload the page to open it again."),
}

ROOM: Final[Table] = {
    "watching": _("{n} watching"),
    "connecting": _("Connecting…"),
    "reconnecting": _("Reconnecting… you do not have to do anything."),
    "access_ended": _("Your access has ended. Open your personal link again."),
    "starts_in": _("Starts in"),
    "starting_soon": _("Starting soon. The host is getting ready."),
    "day": _("1 day"),
    "days": _("{n} days"),
    "sound_said": _("Did you hear three notes? If not, check the volume and the output of your device."),
    "play": _("Play"),
    "pause": _("Pause"),
    "mute": _("Mute"),
    "unmute": _("Unmute"),
    "full": _("Full screen"),
    "leave_full": _("Leave full screen"),
    "at_live": _("This is live"),
    "to_live": _("Back to live"),
    "behind": _("{s} s behind"),
    "behind_by": _("{t} behind"),
    "real_time": _("In real time"),
    "paused": _("Paused"),
    "loading": _("Loading…"),
    "step_back": _("{n} seconds back"),
    "at_of": _("{at} of {length}"),
    "quality": _("Quality"),
    "quality_auto": _("Automatic"),
    "sound_only": _("Sound only, saves data"),
    "speed": _("Speed"),
    "delay": _("Delay"),
    "delay_least": _("Shortest"),
    "delay_steady": _("Steadier picture, about 2 s"),
}

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
    "saved": _("Saved up to {t}"),
    "viewers": _("{n} watching"),
    "sent": _("Sending {mbit} Mbit/s · {height}p · {fps} fps · {ms} ms"),
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
    "health_fair": _("Limited"),
    "health_bad": _("Trouble"),
    "health_watching": _("WebRTC {whep} · HLS {hls} · lobby {lobby}"),
    "health_behind": _("{name} {median} / {most} s"),
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
    "overload": _("The server cannot keep up. Sound and recording go on without a gap."),
    "overload_slower": _("{name} now has {fps} pictures a second."),
    "overload_resting": _("{names}: only a few pictures a second; viewers are moved to the next lower quality."),
    "overload_end": _("It comes back by itself when the server has time again."),
    "no_recording": _("There is no recording of this event."),
    "recording_ready": _("The recording is ready: {t}, {size}."),
    "recording_failed": _("The recording could not be finished. Ask whoever runs this server to look at its log."),
}


def translated(translate: Callable[[str], str], *tables: Table) -> dict[str, str]:
    """The tables as one, in the language of `translate`."""
    return {key: translate(text) if text else "" for table in tables for key, text in table.items()}
