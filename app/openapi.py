"""The OpenAPI document: what FastAPI cannot know by itself."""

from fastapi import FastAPI


def describe(app: FastAPI) -> None:
    """Complete the application's document."""
