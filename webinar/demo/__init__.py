"""The demo: a generated talk or a clip, sent over WHIP by a real client in a process of its own.

`talk` and `clip` make raw frames, `feed` turns them into units on one clock, `publisher` sends them, `publish` is
the command. `burned_time` is the frame time drawn into the talk, which tests read back to measure delay.
"""
