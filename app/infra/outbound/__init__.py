"""HTTP out: the one way by which the desk speaks to addresses that others choose.

Guarded against server-side request forgery: a URL is read strictly (`urls`), its name is resolved once and every answer
vetted (`resolver`), and the address is looked at again where the socket is made (`transport`). `send` never raises for
what a network does.
"""
