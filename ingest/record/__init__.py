"""The recording: one MP4 a live session, written while live, complete in a moment at End, repaired after a crash.

The file is written by our own boxes, not by a muxer, because all three moments ask for it:

* live: `ftyp`, a 16-byte `free`, a fragmented `moov`, then a fragment each half second, each on the disk (fdatasync)
  before it is reported as saved, with another such `free` each 128 MB. A killed process leaves a fragmented MP4 that
  plays up to its last whole fragment.
* End: a complete `moov` is appended and each `free` becomes the header of an `mdat` that hides the fragments up to the
  next one: an ordinary MP4, made by a few small writes whatever the length. Its SHA-256 is known then, too: all but
  the last groups were hashed while they were written. FFmpeg's `hybrid_fragmented` does the same, but only its own
  close can do it: with the GIL held in PyAV 18.1, and not on a file whose writer has died.
* after a crash: the fragments are read back (their headers only), what is torn is cut off, and the same few writes
  follow. Joining the halves of an interrupted event is copying their fragments one behind the other; all but the newest
  of them are copied while the event is still live.

`movie` holds the tables and the closing, `digest` the hash, `recorder` the thread, `reading` reads back, `repair`
mends, `joining` joins, `halves` begins to while the event is live, `whole` makes one file of them at the end,
`stored_sound` takes out the sound, `spool` is the folder.
"""
