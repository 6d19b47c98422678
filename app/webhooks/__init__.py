"""Webhooks: endpoints, deliveries, signatures. What is sent is an event's own bytes, as they were first written."""
