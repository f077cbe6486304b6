"""The JSON API v1, WHIP and WHEP, downloads: everything that programs call.

`webinar.api.app.routes(platform)` is what the app mounts. Errors of all of them are problem+json (RFC 9457).
"""
