"""Tickets: what they say, where they stand, what happened to them; they tell the clocks of every moment.

A ticket's row is the lock of everything that hangs on it. Whoever takes it first settles what fell due before.
"""
