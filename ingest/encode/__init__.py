"""Raw program frames to encoded units: the ladder, one encoder a rendition, one thread an encoder."""
