"""Trunkline: the support desk of a softswitch operator as a service.

The rooms, from the roof down; a room imports those under it and never one above:

    main | worker | cli | supervisor | demo    roots: they wire, and import everything
    api | registry                             the list of routers; the list of tables, jobs, reactions
    alarms                                     an inlet: what machines report becomes tickets
    mail | webhooks | reports                  outlets, strangers to each other; what became of the promises
    escalations                                climbs ladders; acts on tickets
    tickets                                    speaks in moments (opened, replied, resolved, ...)
    clocks                                     hears moments, keeps time
    entitlements                               what a reseller is owed at an instant
    resellers                                  who
    catalogue                                  what can be promised
    events                                     the append-only record of what happened
    auth                                       keys, staff, scopes, test clocks, idempotency, limits, the edge
    infra                                      the outside world; no business words
    sla                                        the arithmetic of promises: pure

The laws: call down, announce up. ``now`` is an argument, read at the edges only. One request or job is one
transaction, committed at the edge before the answer leaves. PostgreSQL is the only store and the only
coordinator. A rule is a pure function; what does I/O around it is thin.
"""
