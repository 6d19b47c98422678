"""``python -m bench`` runs every bench in turn; ``python -m bench create`` one."""

import argparse
import subprocess
import sys

ALL = ("calendar", "outbound", "create", "profile", "sweep", "recalculation", "alarms", "webhooks", "mail", "mail_body")

if __name__ == "__main__":
    parser = argparse.ArgumentParser("python -m bench", description="Measure, and print the figures.")
    parser.add_argument("bench", nargs="*", metavar="BENCH", help=f"{', '.join(ALL)}; without one, all of them in turn")
    wanted = parser.parse_args().bench or ALL
    if strange := sorted(set(wanted) - set(ALL)):
        parser.error(f"no such bench: {', '.join(strange)}; there are {', '.join(ALL)}")
    codes = [subprocess.run([sys.executable, "-m", f"bench.{name}_bench"], check=False).returncode for name in wanted]
    sys.exit(max(codes))
