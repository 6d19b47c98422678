"""Opening our own small files safely, in a folder that may be another user's."""

import os
from pathlib import Path


def open_private(path: Path, flags: int) -> int:
    """Open a file that its owner alone may read, making it where it is missing; no link is followed.

    As root the new file is given to the folder's owner, who may be the one to start Trunkline the next time.
    """
    try:
        fd = os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return os.open(path, flags | os.O_NOFOLLOW)
    if os.geteuid() == 0:
        folder = path.parent.stat()
        os.fchown(fd, folder.st_uid, folder.st_gid)
    return fd
