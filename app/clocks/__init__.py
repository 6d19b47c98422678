"""The running promises of tickets: rows on one side, values of ``app.sla`` on the other.

The clock row holds its terms, an anchor and what remains; the ledger (``sla_clock_changes``) holds every change,
append-only, for as long as the ticket is kept.
"""
