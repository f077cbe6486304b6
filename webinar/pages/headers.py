"""Security headers of every answer, and the policy of every page (CSP level 3: nothing inline, nobody else's)."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders

from webinar.base.settings import Settings

_PERMISSIONS: Final = (
    "camera=(self), microphone=(self), display-capture=(self), autoplay=(self), fullscreen=(self), "
    "picture-in-picture=(self), screen-wake-lock=(self), clipboard-write=(self), "
    "geolocation=(), payment=(), usb=(), serial=(), hid=(), midi=()"
)


class SecurityHeaders:
    """Computed once from the settings, written on each answer."""

    def __init__(self, settings: Settings) -> None:
        chat = urlsplit(settings.chat_url)
        self.policy = "; ".join(
            (
                "default-src 'none'",
                "script-src 'self'",
                "style-src 'self'",
                "img-src 'self' data: blob:",
                "media-src 'self' blob:",
                f"connect-src 'self' {chat.scheme}://{chat.netloc}",
                "font-src 'self'",
                "worker-src 'self' blob:",
                "manifest-src 'self'",
                "form-action 'self'",
                "frame-src 'self'",
                "base-uri 'none'",
                "frame-ancestors 'none'",
            )
        )
        self._https = settings.secure_cookies

    def write(self, headers: MutableHeaders) -> None:
        """Adds what is missing; an answer's own stricter choice stays."""
        headers.setdefault("X-Content-Type-Options", "nosniff")
        headers.setdefault("Referrer-Policy", "no-referrer")
        if self._https:
            headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        if headers.get("content-type", "").startswith("text/html"):
            headers.setdefault("Content-Security-Policy", self.policy)
            headers.setdefault("Permissions-Policy", _PERMISSIONS)
            headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
            headers.setdefault("X-Frame-Options", "DENY")
