"""What the demo does, step by step, and what it says in the end."""

import secrets
import time
from contextlib import contextmanager
from pathlib import Path

from demo import storage as storages
from sites.shop import Shop
from sites.site import SYSTEM, Site, restic
from testbed import cluster as testbed_cluster
from testbed.progress import say

MANIFESTS = Path(__file__).parent / "manifests"
REPOSITORY = "east/ns/shop/shop"
RESTORED = "shop-restored"
PASSWORD_FILE = storages.DIRECTORY / "recovery-password"
# Rows that the shop writes between the two backups.
NEW_ROWS = 25


@contextmanager
def step(title: str):
    say(f"==> {title}")
    started = time.monotonic()
    yield
    say(f"    {time.monotonic() - started:.0f} s")


def size(count: int) -> str:
    for unit in ("B", "KiB", "MiB"):
        if count < 1024:
            return f"{count:.1f} {unit}" if unit != "B" else f"{count} B"
        count /= 1024
    return f"{count:.1f} GiB"


def install(site: Site, storage) -> None:
    site.install()
    site.add_storage("main", PASSWORD_FILE, *storage.add_flags, "--default", environment=storage.environment)


def back_up(site: Site, shop: Shop, lines: list[str]) -> list[str]:
    """The rows that were there when it began."""
    rows = shop.rows()
    site.dmaas("backup", "shop", "-n", "shop")
    sessions = sorted(site.list("backupsessions", "shop"), key=lambda item: item["metadata"]["creationTimestamp"])
    status = sessions[-1]["status"]
    read = sum(component.get("bytesTotal", 0) for component in status["components"])
    added = sum(component.get("bytesAdded", 0) for component in status["components"])
    lines.append(f"backup {len(sessions)}   {len(rows):,} rows when it began; {status['objectCount']} objects and {size(read)} read, "
                 f"{size(added)} stored, in {status['duration']}")
    return rows


def compare(recorded: list[str], at_least: int, restored: list[str], lines: list[str]) -> None:
    """`recorded`: all rows that east ever had; those that west wrote since are no part of them."""
    known = set(recorded)
    came_back = [row for row in restored if row in known]
    assert came_back == recorded[:len(came_back)], "the restored rows are not the first rows of the shop"
    assert len(came_back) >= at_least, f"{at_least} rows were there when the backup began, {len(came_back)} came back"
    lines.append(f"rows       all {at_least:,} rows of the second backup are back, equal to the byte; "
                 f"the shop has written {len(restored) - len(came_back)} since")


def check_with_restic(storage, lines: list[str]) -> None:
    output = restic(storage.location(REPOSITORY), PASSWORD_FILE, "check", "--read-data", environment=storage.environment)
    assert "no errors were found" in output, output
    lines.append("restic     stock restic read all data of the repository: no errors were found")


def restore(site: Site, lines: list[str]) -> None:
    site.dmaas("restore", "--storage", "main", "--path", REPOSITORY, "--map-namespace", f"shop={RESTORED}", seconds=400)
    status = site.list("restoresessions", SYSTEM)[0]["status"]
    lines.append(f"restore    {status['message']}; {size(sum(v.get('bytesDone', 0) for v in status['volumes']))} "
                 f"in {len(status['volumes'])} volumes, in {status.get('timeToRecover', status.get('duration', ''))}")
    site.await_rollout("deployment/web", RESTORED)


def clean_up() -> None:
    for name in ("east", "west"):
        testbed_cluster.down(name)
    storages.remove()


def tell(*, on_s3: bool, keep: bool) -> None:
    started = time.monotonic()
    storage = storages.S3Storage() if on_s3 else storages.LocalStorage()
    lines: list[str] = []
    with step("removing what an earlier demo left"):
        clean_up()
        storages.DIRECTORY.mkdir(parents=True)
        PASSWORD_FILE.write_text(secrets.token_urlsafe(24) + "\n")
        storage.start()
    try:
        recorded, at_least = _live_in_east(storage, lines)
        west = _come_back_in_west(storage, lines)
        with step("comparing every row, and asking stock restic"):
            restored = Shop(west, RESTORED).rows()
            compare(recorded, at_least, restored, lines)
            check_with_restic(storage, lines)
        print("\nWhat happened\n  " + "\n  ".join([f"storage    {storage.text}", *lines]) +
              f"\n  in all     {time.monotonic() - started:.0f} s", flush=True)
        if keep:
            _say_what_next(west)
    finally:
        if not keep:
            with step("removing west and the storage"):
                storage.stop()
                clean_up()


def _live_in_east(storage, lines: list[str]) -> tuple[list[str], int]:
    with step("cluster east"):
        east = Site("east", str(storages.LocalStorage.directory))
    with step("the shop: MariaDB with two replicas, and a web page that writes rows all the time"):
        shop = Shop(east).deploy(NEW_ROWS)
    with step("DMaaS with a storage, and a plan for the shop"):
        install(east, storage)
        east.cluster.apply((MANIFESTS / "mariadb-quiesce.yaml").read_text())
        east.dmaas("protect", "all", "-n", "shop", "--name", "shop", "--before", "mariadb-quiesce")
    with step("backup 1"):
        back_up(east, shop, lines)
    with step("new rows, then backup 2"):
        shop.await_rows(shop.count_rows() + NEW_ROWS)
        rows = back_up(east, shop, lines)
    with step("east is destroyed"):
        recorded = shop.rows()
        east.cluster.down()
    lines.append("east       destroyed, with everything in it")
    return recorded, len(rows)


def _come_back_in_west(storage, lines: list[str]) -> Site:
    with step("cluster west, which knows nothing; DMaaS with the storage and its recovery password"):
        west = Site("west", str(storages.LocalStorage.directory))
        install(west, storage)
    with step(f"restore into namespace {RESTORED}"):
        restore(west, lines)
    return west


def _say_what_next(west: Site) -> None:
    print(f"""
West goes on. Try:
  export KUBECONFIG={west.cluster.kubeconfig}
  ./x cluster kubectl west get restoresessions -n dmaas-system
  ./x cluster kubectl west describe restoresessions -n dmaas-system
  ./x cluster kubectl west get pods,pvc -n {RESTORED}
  build/release/src/dmaas protect all -n {RESTORED} --name shop && build/release/src/dmaas backup shop -n {RESTORED}
Then `./x demo` starts anew, and `./x cluster down west` ends it.""", flush=True)
