"""A co-writer in the terminal.

    INTERLINE_KEY=il_… python co_writer.py http://localhost:8000 <document id>

Shows the document whenever somebody changes it. A line that you type becomes a paragraph; an empty line asks the
assistant to go on, which streams here and is then put into the document. Ctrl-D leaves.
"""

import asyncio
import os
import sys
from uuid import UUID

from interline_client import Interline, InterlineError, SharedDocument


def show(shared: SharedDocument) -> None:
    print(f"\n--- {shared.title or 'Untitled'} ---")
    print("\n".join(shared.paragraphs))
    print("---", flush=True)


async def watch(shared: SharedDocument) -> None:
    seen: list[str] | None = None  # an empty document is shown too
    while True:
        if shared.paragraphs != seen:
            seen = shared.paragraphs
            show(shared)
        await shared.changed()


async def go_on(interline: Interline, document_id: UUID, shared: SharedDocument) -> None:
    answer = await interline.generate(document_id, "continue", text_before="\n".join(shared.paragraphs) + "\n")
    written = ""
    async for event in answer:
        if event.type == "chunk":
            written += event["text"]
            print(event["text"], end="", flush=True)
        elif event.type == "failed":
            print(f"\n{event['message']}")
    print()
    if written.strip():
        shared.append_paragraph(written.strip())
        await answer.decide("accepted")


async def co_write(url: str, document_id: UUID) -> None:
    async with Interline(url, key=os.environ["INTERLINE_KEY"]) as interline, interline.open(document_id) as shared:
        watching = asyncio.create_task(watch(shared))
        try:
            while line := await asyncio.to_thread(sys.stdin.readline):
                if line.strip():
                    shared.append_paragraph(line.strip())
                else:
                    await go_on(interline, document_id, shared)
                await shared.saved()
        finally:
            watching.cancel()


if __name__ == "__main__":
    try:
        asyncio.run(co_write(sys.argv[1], UUID(sys.argv[2])))
    except InterlineError as error:
        sys.exit(f"{error.message} ({error.code})")
