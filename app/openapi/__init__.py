"""The OpenAPI document: what FastAPI cannot know by itself, added to what it does.

Errors, headers and scopes are derived from the routes, so that the document and the behaviour cannot differ.
"""

from app.openapi.document import describe

__all__ = ["describe"]
