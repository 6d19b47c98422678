"""Who may do what, and at which instant: keys, staff, scopes, test clocks, idempotency, rate limits, the edge.

A *principal* is whoever calls: a reseller's key or one of the operator's. The *edge* is the route class under
every operation: it opens the transaction, signs the caller in, claims the idempotency key, calls the handler,
commits, and only then lets the answer leave.
"""
