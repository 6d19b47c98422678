"""The append-only record of what happened: the audit, the feed, and the outbox of everything that goes out.

A business transaction writes its rows and its events and enqueues nothing. One publisher gives committed events
their position, in the order in which they were written, and hands them to whoever has something to send.
"""
