"""A day at the desk, played on a test clock against a receiver of its own. It speaks to the desk over HTTP only."""
