"""Events: what is planned, on air and over; the one place that changes an event's state."""
