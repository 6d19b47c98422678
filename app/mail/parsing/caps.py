"""How much a mail may be before it is read at all. Over one of these it is held with its bytes, and a person looks."""

KB = 1024
MB = 1024 * KB

MAIL = 25 * MB
LINE = MB  # far over RFC 5322's 998 bytes: some programs write a file's base64 as one line
HEADER = 128 * KB
FIELDS = 1_000
FIELD = 16 * KB
ADDRESSES = 500
PARTS = 200
DEPTH = 20
PARAMETERS = 64
DELIMITERS = 100_000  # lines that begin as a boundary and are none

REFERENCES = 50
FIRST_REFERENCES = 4
MESSAGE_ID = 500
SUBJECT = 200
NAME = 200
SHOWN = 500

TEXT = 256 * KB
HTML = 2 * MB
FILES = 20
FILE = 10 * MB
ALL_FILES = 25 * MB
FILE_NAME = 150
RECIPIENTS = 100
