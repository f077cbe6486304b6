"""The recording: one MP4 a live session, written while live, complete in a moment at End, repaired after a crash.

The file is written by our own boxes, not by a muxer, because all three moments ask for it:

* live: `ftyp`, a 16-byte `free`, a fragmented `moov`, then a fragment each half second, each on the disk (fdatasync)
  before it is reported as saved. A killed process leaves a fragmented MP4 that plays up to its last whole fragment.
* End: a complete `moov` is appended and the `free` becomes the header of an `mdat` that hides all fragments: an
  ordinary MP4, made by two small writes whatever the length. FFmpeg's `hybrid_fragmented` does the same, but only its
  own close can do it: with the GIL held in PyAV 18.1, and not on a file whose writer has died.
* after a crash: the fragments are read back (their headers only), what is torn is cut off, and the same two writes
  follow. Joining the halves of an interrupted event is copying their fragments one behind the other.

`movie` holds the tables and the closing, `recorder` the thread, `repair` reads back and joins, `spool` is the folder.
"""
