"""Tickets by e-mail: what comes in becomes tickets and messages, what happens on them goes out."""
