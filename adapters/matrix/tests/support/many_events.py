"""A module of Synapse: takes many events of one room in one request. Whoever fills rooms with a hundred
thousand events by the ordinary way waits an hour for each event's own transactions."""

from synapse.http.server import DirectServeJsonResource
from synapse.http.servlet import parse_json_object_from_request
from synapse.module_api import ModuleApi
from synapse.types import create_requester


class ManyEvents:
    def __init__(self, config: dict, api: ModuleApi):
        api.register_web_resource("/many-events", Say(api))


class Say(DirectServeJsonResource):
    def __init__(self, api: ModuleApi):
        super().__init__()
        # The module's own interface says one event at a time.
        self.handler = api._hs.get_event_creation_handler()

    async def _async_render_POST(self, request):
        asked = parse_json_object_from_request(request)
        sender, room = asked["sender"], asked["room"]
        events = [
            {"type": asked["type"], "room_id": room, "sender": sender, "content": content}
            for content in asked["contents"]
        ]
        await self.handler.create_and_send_new_client_events(
            create_requester(sender), room, None, events, ratelimit=False
        )
        return 200, {}
