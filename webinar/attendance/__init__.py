"""When people were there, and whether that counts."""
