"""Escalations: climbs a ticket's ladder when a clock warns or breaches, and takes calls by hand."""
