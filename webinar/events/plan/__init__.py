"""What happens at an event and who speaks: its agenda and its speakers."""
