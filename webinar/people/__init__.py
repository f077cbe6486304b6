"""People who host: the owner's account, sign-in, sessions, API tokens."""
