"""The presenter's way in: WHIP (RFC 9725) and a WebRTC receiver of our own on one UDP port.

`whip.WhipServer` takes offers, `publisher.Publisher` is one presenter's connection. `receiver.Receiver` and what it is
made of (`track`, `jitter`, `nack`, `assembly`, `timeline`, `statistics`, `estimate`) are pure, and so is `negotiation`:
packets and times in, frames and RTCP out. `sink` is what the live session implements. Its use:

    server = WhipServer(...)                                    # in a running loop
    await server.start()
    answer = await server.offer(event_id, sdp, sink=session, take_over=False)   # .sdp, .resource; raises WhipError
    server.request_keyframe(event_id)                           # throttled here
    server.health(event_id)                                     # ReceiverHealth, or None when nobody is there
    await server.delete(answer.resource)                        # the presenter's DELETE
    await server.end(event_id)                                  # this side is done with the event's publisher
    await server.close()

Why not aiortc's `RTCPeerConnection`: its receiver waits for the next timestamp instead of the marker bit, asks for a
lost packet once, forgets the sender reports' clock pairs, and needs half a minute to notice that a presenter has left.
Its parsing of RTP, RTCP and payload formats, and its delay detector, are used.
"""

from ingest.accept.sink import CodecName, EncodedFrame, PublisherSink, PublisherState, ReceiverHealth

__all__ = ["CodecName", "EncodedFrame", "PublisherSink", "PublisherState", "ReceiverHealth"]
