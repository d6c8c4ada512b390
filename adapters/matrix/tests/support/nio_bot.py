"""The plainest bot that one writes with matrix-nio: answers one command in encrypted rooms. It keeps
nothing, and asks nobody who they are. Measured beside underrose."""

import asyncio
import sys
import tempfile

from nio import AsyncClient, AsyncClientConfig, InviteMemberEvent, MatrixRoom, RoomMessageText


async def main(url: str, user: str, password: str) -> None:
    with tempfile.TemporaryDirectory() as store:
        config = AsyncClientConfig(encryption_enabled=True, store_sync_tokens=True)
        client = AsyncClient(url, user, store_path=store, config=config)
        await client.login(password)
        await client.sync(timeout=0, full_state=True)

        async def invited(room: MatrixRoom, event: InviteMemberEvent) -> None:
            await client.join(room.room_id)

        async def message(room: MatrixRoom, event: RoomMessageText) -> None:
            if event.sender != client.user_id and event.body.startswith("!vuln help"):
                content = {"msgtype": "m.notice", "body": f"Usage: {event.body}"}
                await client.room_send(
                    room.room_id, "m.room.message", content, ignore_unverified_devices=True
                )

        client.add_event_callback(invited, InviteMemberEvent)
        client.add_event_callback(message, RoomMessageText)
        print("up", flush=True)
        await client.sync_forever(timeout=30000)


asyncio.run(main(*sys.argv[1:]))
