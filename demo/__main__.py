"""The main job of the product, shown on this machine in a few minutes:

    ./x demo [--s3] [--keep]

An application with a database runs in cluster `east` and is backed up twice. East is destroyed. Cluster `west`, made after that,
gets the application back from the storage and its recovery password alone.

  --s3     the storage is a bucket of MinIO; otherwise a local directory
  --keep   leave west, the application and the storage running, and say what to try next
"""

import sys

from demo import story
from testbed.errors import TestbedError
from testbed.progress import say


def main() -> int:
    options = set(sys.argv[1:])
    if options - {"--s3", "--keep"}:
        say(__doc__)
        return 2
    try:
        story.tell(on_s3="--s3" in options, keep="--keep" in options)
    except (TestbedError, AssertionError) as error:
        say(f"error: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
