"""Pure: from the bytes of a mail to what the desk reads in it."""
