"""The outside world: settings, database, time, ids, problems, paging, HTTP out, the job queue.

No business words here. Everything a room needs of PostgreSQL, HTTP or the process it runs in, it gets from
this package, so that each of them is met in one place.
"""
