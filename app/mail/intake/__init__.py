"""Mail in: accepted as bytes, read in a process of its own, brought to its ticket."""
