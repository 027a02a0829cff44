"""What FastAPI's documentation tells one to write, on one uvicorn worker. Takes the upstream and a database; says where it listens."""

import asyncio
import socket
import sqlite3
import sys
import threading

import httpx
import uvicorn
from fastapi import BackgroundTasks, FastAPI

upstream, database = sys.argv[1:]
app = FastAPI()
# With its own 100 connections and 5 s to wait for one, requests would fail where others only wait.
client = httpx.AsyncClient(limits=httpx.Limits(max_connections=256, max_keepalive_connections=256), timeout=60)
connections = threading.local()


@app.get("/hello")
async def hello():
    return {"message": "Hello World"}


@app.get("/wait")
async def wait():
    await asyncio.sleep(0.02)
    return {"message": "Waited"}


async def user(index: int):
    return (await client.get(f"{upstream}/users/{index}")).json()


@app.get("/gather")
async def gather():
    return await asyncio.gather(*(user(index) for index in range(100)))


@app.get("/gather/{calls}")
async def gather_some(calls: int, concurrency: int):
    places = asyncio.Semaphore(concurrency)

    async def in_turn(index: int):
        async with places:
            return await user(index)

    return await asyncio.gather(*(in_turn(index) for index in range(calls)))


# Not async: it runs in the pool of threads, so that the loop goes on.
@app.get("/row")
def row():
    if not hasattr(connections, "db"):
        connections.db = sqlite3.connect(database)
        connections.db.row_factory = sqlite3.Row
    return dict(connections.db.execute("select id, name, email from users where id = ?", (500,)).fetchone())


async def count(email: str):
    return len(email)


@app.post("/signup")
async def signup(background: BackgroundTasks):
    background.add_task(count, "a@example.com")
    return {"message": "Later"}


listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen(2048)
print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
uvicorn.Server(uvicorn.Config(app, access_log=False, log_level="warning")).run(sockets=[listener])
