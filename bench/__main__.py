"""``python -m bench`` runs every bench in turn; ``python -m bench create`` one."""

import subprocess
import sys

ALL = ("calendar", "outbound", "create", "profile", "sweep", "recalculation")

if __name__ == "__main__":
    wanted = sys.argv[1:] or ALL
    codes = [subprocess.run([sys.executable, "-m", f"bench.{name}_bench"], check=False).returncode for name in wanted]
    sys.exit(max(codes))
