"""A person with matrix-nio, an implementation of its own: opens an encrypted direct room with the bot,
says one thing, and prints what comes back."""

import asyncio
import sys
import tempfile

from nio import AsyncClient, AsyncClientConfig, MatrixRoom, RoomMemberEvent, RoomMessage, RoomPreset

PATIENCE_SECONDS = 45


async def main(url: str, name: str, password: str, bot: str, words: str) -> int:
    with tempfile.TemporaryDirectory() as store:
        config = AsyncClientConfig(encryption_enabled=True, store_sync_tokens=True)
        client = AsyncClient(url, f"@{name}:localhost", store_path=store, config=config)
        await client.login(password)
        await client.sync(timeout=0, full_state=True)
        await client.keys_upload()
        created = await client.room_create(
            is_direct=True,
            invite=[bot],
            preset=RoomPreset.trusted_private_chat,
            initial_state=[{
                "type": "m.room.encryption",
                "state_key": "",
                "content": {"algorithm": "m.megolm.v1.aes-sha2"},
            }],
        )
        joined, answered = asyncio.Event(), asyncio.Event()

        async def member(room: MatrixRoom, event: RoomMemberEvent) -> None:
            if room.room_id == created.room_id and event.state_key == bot and event.membership == "join":
                joined.set()

        async def message(room: MatrixRoom, event: RoomMessage) -> None:
            if event.sender == bot:
                print(event.body, flush=True)
                answered.set()

        async def follow() -> None:
            # The bot may answer in a room of its own.
            while True:
                for room in list(client.invited_rooms):
                    await client.join(room)
                await client.sync(timeout=500)

        client.add_event_callback(member, RoomMemberEvent)
        client.add_event_callback(message, RoomMessage)
        following = asyncio.create_task(follow())
        await asyncio.wait_for(joined.wait(), PATIENCE_SECONDS)
        content = {"msgtype": "m.text", "body": words}
        await client.room_send(
            created.room_id, "m.room.message", content, ignore_unverified_devices=True
        )
        try:
            await asyncio.wait_for(answered.wait(), PATIENCE_SECONDS)
            return 0
        finally:
            following.cancel()
            await client.close()


sys.exit(asyncio.run(main(*sys.argv[1:])))
