"""Registration: who may come, the seats, the waiting list, personal links."""
