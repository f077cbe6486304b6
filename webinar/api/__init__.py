"""The JSON API v1, WHIP and WHEP, downloads: everything that programs call.

`routes(platform)` is what the app mounts. Errors of all of them are problem+json (RFC 9457).
"""

from __future__ import annotations

from webinar.api.app import routes

__all__ = ["routes"]
