"""Attendance: who was there, when, for how long. Its model, store and service come with the report."""
