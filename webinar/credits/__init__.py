"""What proves attendance and leaves the house: tables of it, the signed bundle, certificates and how they are checked.

All of it proves the record: that this installation wrote it down and that nobody has changed it since. It does not
prove attention.
"""
