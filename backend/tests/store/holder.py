"""A process that holds the embedded database: `python -m tests.store.holder DATA_DIR [ROWS]`.

It prints `ready PID` once the server runs, then, with ROWS, writes rows and prints each number after its commit.
"""

import asyncio
import sys
import time
from pathlib import Path

from sqlalchemy import text

from app.store.database import Database
from app.store.embedded import EmbeddedPostgres


async def write_rows(url: str, rows: int) -> None:
    database = Database(url)
    async with database.sessions.begin() as session:
        await session.execute(text("CREATE TABLE IF NOT EXISTS kept (n int)"))
    for n in range(rows):
        async with database.sessions.begin() as session:
            await session.execute(text("INSERT INTO kept VALUES (:n)"), {"n": n})
        sys.stdout.write(f"{n}\n")
        sys.stdout.flush()


def main() -> None:
    server = EmbeddedPostgres(Path(sys.argv[1]))
    server.start()
    sys.stdout.write(f"ready {server.pid}\n")
    sys.stdout.flush()
    if len(sys.argv) > 2:
        asyncio.run(write_rows(server.url, int(sys.argv[2])))
    time.sleep(120)


if __name__ == "__main__":
    main()
