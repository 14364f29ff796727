"""What a page asks about long work: how it stands, its progress as it comes, its end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import StreamingResponse

from inscape.app.gallery.jobs import Jobs

router = APIRouter(prefix="/api/jobs", tags=["jobs"])

LOOK = 0.15
"""Seconds between two looks at a job whose progress a page follows."""
CLOCK = 1.0
"""Seconds after which a page hears of it even if nothing is new: how long it has run, and how many are before it."""


@router.get("/{key}")
def state(request: Request, key: str) -> dict[str, Any]:
    """How a job stands."""
    return _told(request.app.state.jobs, key)


@router.post("/{key}/cancel")
def cancel(request: Request, key: str) -> dict[str, Any]:
    """End a job; what it had finished stays."""
    request.app.state.jobs.cancel(key)
    return _told(request.app.state.jobs, key)


@router.get("/{key}/events", response_class=StreamingResponse)
async def events(request: Request, key: str) -> StreamingResponse:
    """A job's progress as server-sent events, until its end."""
    jobs: Jobs = request.app.state.jobs
    jobs.get(key)
    stream = _follow(request, jobs, key)
    return StreamingResponse(stream, media_type="text/event-stream", headers={"cache-control": "no-store"})


async def _follow(request: Request, jobs: Jobs, key: str) -> AsyncIterator[str]:
    seen, quiet = -1, 0.0
    while not (request.app.state.is_ending or await request.is_disconnected()):
        job = jobs.get(key)
        if job.version != seen or quiet >= CLOCK:
            seen, quiet = job.version, 0.0
            yield f"data: {json.dumps(_told(jobs, key))}\n\n"
            if job.is_over:
                return
        await asyncio.sleep(LOOK)
        quiet += LOOK


def _told(jobs: Jobs, key: str) -> dict[str, Any]:
    job = jobs.get(key)
    return {**job.as_dict(), "behind": jobs.waits_behind(job) if job.state == "queued" else 0}
