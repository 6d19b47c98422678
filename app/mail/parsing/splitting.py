"""A place for the splitting of text."""


def new_text(text: str) -> str:
    """Return what was newly written."""
    return text
