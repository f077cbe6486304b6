"""The event's one program: whatever a presenter sends, put on a fixed canvas and a steady clock, with sound in step.

`clock` maps the presenter's times to the program's, `audio` and `canvas` hold sound and picture, `decode` turns what
arrives into both (a thread a kind), `program` is the thread that makes one picture each 1/30 s and 1/60 s of sound.
"""
