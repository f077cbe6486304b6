"""What people said to each other: the chat, questions and polls of an event, for its hosts, during and after it."""
