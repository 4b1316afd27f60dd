"""Runs one command and prints what it took, as a program of its own: `run_measured.py LOG COMMAND...`

Linux counts the memory of the process that starts a program as the program's own peak. So a small
process has to start it.
"""

import json
import os
import sys
import time


def main() -> int:
    log, command = sys.argv[1], sys.argv[2:]
    output = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    os.write(output, f"\n$ {' '.join(command)}\n".encode())
    actions = [(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
               (os.POSIX_SPAWN_DUP2, output, 1), (os.POSIX_SPAWN_DUP2, output, 2)]
    begun = time.monotonic()
    pid = os.posix_spawn(command[0], command, os.environ, file_actions=actions)
    _, status, used = os.wait4(pid, 0)
    wall = time.monotonic() - begun
    print(json.dumps({"exit": os.waitstatus_to_exitcode(status), "wall_seconds": wall,
                      "cpu_seconds": used.ru_utime + used.ru_stime,
                      "peak_bytes": used.ru_maxrss * 1024}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
