"""Every error of the WebRTC plumbing. `code` is stable and goes to clients, the message says what to do."""

from __future__ import annotations

from webinar.base.errors import WebinarError


class RtcError(WebinarError):
    """Root of this package's errors."""

    code = "rtc"


class SdpError(RtcError):
    """An offer that cannot be used. Codes: `not_sdp`, `too_large`, `no_bundle`, `no_ice`, `no_fingerprint`,
    `no_rtcp_mux`, `bad_setup`, `no_video`, `no_audio`, `no_codec`."""

    status = 400
    code = "not_sdp"


class EndpointFull(RtcError):
    """The UDP endpoint has as many sessions as it may have."""

    status = 503
    code = "no_room"


class StunError(RtcError):
    """A datagram that is not a usable STUN binding request."""

    code = "bad_stun"


class SrtpError(RtcError):
    """A packet that fails authentication, is replayed, or is too short."""

    code = "bad_srtp"


class DtlsError(RtcError):
    """The handshake cannot succeed: no common profile, wrong certificate, or a protocol error."""

    code = "dtls_failed"
