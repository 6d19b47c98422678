"""The line above which a reply is typed: mails of ours carry it, and what is below it in a reply is not new."""

MARKER = "##- Please type your reply above this line -##"
