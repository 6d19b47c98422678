"""The bare handler: FastAPI and asyncpg, no keys, no rules; it inserts the rows that a ticket is made of."""

import os
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

TABLES = """
create schema if not exists bare;
create table if not exists bare.tickets (id uuid primary key, subject text, description text, priority text,
  created_at timestamptz default now());
create table if not exists bare.clocks (id uuid primary key, ticket_id uuid, metric text, due_at timestamptz);
create table if not exists bare.changes (id uuid primary key, clock_id uuid, kind text, at timestamptz default now());
create table if not exists bare.events (id uuid primary key, ticket_id uuid, type text, body bytea);
"""


class Wanted(BaseModel):
    subject: str
    description: str
    priority: str


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=4, max_size=16) as pool:
        await pool.execute(TABLES)
        app.state.pool = pool
        yield


app = FastAPI(lifespan=lifespan)


@app.get("/healthz")
async def healthz() -> dict[str, str]:
    return {"status": "ok"}


@app.post("/tickets", status_code=201)
async def create(body: Wanted) -> dict[str, str]:
    ticket, clock = uuid.uuid4(), uuid.uuid4()
    async with app.state.pool.acquire() as connection, connection.transaction():
        insert = "insert into bare.tickets (id, subject, description, priority) values ($1, $2, $3, $4)"
        await connection.execute(insert, ticket, body.subject, body.description, body.priority)
        insert = "insert into bare.clocks values ($1, $2, 'first_response', now())"
        await connection.execute(insert, clock, ticket)
        insert = "insert into bare.changes (id, clock_id, kind) values ($1, $2, 'started')"
        await connection.execute(insert, uuid.uuid4(), clock)
        insert = "insert into bare.events values ($1, $2, 'ticket.created', $3)"
        await connection.execute(insert, uuid.uuid4(), ticket, body.model_dump_json().encode() * 4)
    return {"id": str(ticket)}


if __name__ == "__main__":
    uvicorn.run(app, port=int(os.environ["BARE_PORT"]), loop="uvloop", http="httptools", log_level="warning")
