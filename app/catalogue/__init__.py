"""What can be promised: plans, support levels, add-on products, SLA policies, calendars.

All of it is data. A published policy or calendar never changes; a new version is a new row.
"""
