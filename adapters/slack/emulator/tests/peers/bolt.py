"""The scenarios' app, in Bolt for Python as its users write it: the same as bolt.js."""

import logging
import os
import sys

from slack_bolt import App
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

# What it does not listen to is not worth a page each.
logging.disable(logging.WARNING)

client = WebClient(token=os.environ["SLACK_BOT_TOKEN"], base_url=os.environ["SLACK_API_URL"])
app = App(client=client, signing_secret=os.environ["SLACK_SIGNING_SECRET"])


def plain(text):
    return {"type": "plain_text", "text": text}


def form(score, meta):
    network = {"text": plain("Network"), "value": "N"}
    local = {"text": plain("Local"), "value": "L"}
    return {
        "type": "modal",
        "callback_id": "form",
        "private_metadata": meta,
        "notify_on_close": True,
        "title": plain("Score"),
        "submit": plain("Settle"),
        "close": plain("Cancel"),
        "blocks": [
            {"type": "section", "block_id": "result", "text": {"type": "mrkdwn", "text": f"Score *{score}*"}},
            {
                "type": "input",
                "block_id": "vector",
                "label": plain("Vector"),
                "dispatch_action": True,
                "element": {
                    "type": "static_select",
                    "action_id": "av",
                    "initial_option": network,
                    "options": [network, local],
                },
            },
            {
                "type": "input",
                "block_id": "why",
                "label": plain("Why"),
                "element": {"type": "plain_text_input", "action_id": "why"},
            },
        ],
    }


@app.command("/vuln")
def vuln(ack, command, respond, client):
    if command["text"] == "help":
        ack(response_type="ephemeral", text="only you see this")
        return
    ack()
    respond(response_type="ephemeral", text=f"heard {command['text']}")
    client.chat_postMessage(
        channel=command["channel_id"],
        text="a card",
        metadata={"event_type": "card", "event_payload": {"key": "k1"}},
        blocks=[
            {"type": "section", "text": {"type": "mrkdwn", "text": "A *card*"}},
            {
                "type": "actions",
                "elements": [
                    {"type": "button", "action_id": "score", "text": plain("Score"), "value": "case-1"},
                    {"type": "button", "action_id": "late", "text": plain("Too late"), "value": "case-1"},
                ],
            },
        ],
    )


@app.action("score")
def score(ack, body, client):
    ack()
    client.views_open(trigger_id=body["trigger_id"], view=form("9.8", body["message"]["ts"]))


@app.action("late")
def late(ack, body, client, respond):
    ack()
    # The same gesture cannot open two views.
    client.views_open(trigger_id=body["trigger_id"], view=form("1.0", "late"))
    try:
        client.views_open(trigger_id=body["trigger_id"], view=form("2.0", "late"))
    except SlackApiError as error:
        respond(replace_original=False, text=f"refused: {error.response['error']}")


@app.action("av")
def av(ack, body, client):
    ack()
    view = body["view"]
    chosen = view["state"]["values"]["vector"]["av"]["selected_option"]["value"]
    client.views_update(
        view_id=view["id"],
        hash=view["hash"],
        view=form("7.8" if chosen == "L" else "9.8", view["private_metadata"]),
    )


@app.view("form")
def settle(ack, body, view, client):
    why = view["state"]["values"]["why"]["why"]["value"]
    if len(why) < 5:
        ack(response_action="errors", errors={"why": "say more"})
        return
    ack()
    opened = client.conversations_open(users=body["user"]["id"])
    client.chat_postMessage(channel=opened["channel"]["id"], text=f"settled: {why}")


@app.view_closed("form")
def closed(ack, body, client):
    ack()
    client.chat_postMessage(channel=body["user"]["id"], text="closed")


@app.shortcut("report")
def report(ack, shortcut, client):
    ack()
    client.chat_postEphemeral(
        channel=shortcut["channel"]["id"],
        user=shortcut["user"]["id"],
        text=f"reporting {shortcut['message']['text']}",
    )


@app.event("app_home_opened")
def home(event, client):
    client.views_publish(
        user_id=event["user"],
        view={"type": "home", "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "home"}}]},
    )


@app.event("app_mention")
def mentioned(event, say):
    say(text=f"hello <@{event['user']}>", thread_ts=event["ts"])


@app.message("room")
def room(message, client):
    made = client.conversations_create(name="case-1", is_private=True)
    channel = made["channel"]["id"]
    client.conversations_setTopic(channel=channel, topic="topic")
    client.conversations_invite(channel=channel, users=[message["user"]])
    posted = client.chat_postMessage(channel=channel, text="pinned")
    client.pins_add(channel=channel, timestamp=posted["ts"])
    client.chat_update(channel=channel, ts=posted["ts"], text="pinned and edited")
    people = []
    for page in client.conversations_members(channel=channel, limit=1):
        people += page["members"]
    past = client.conversations_history(channel=channel, include_all_metadata=True)
    groups = client.usergroups_list(include_users=True)["usergroups"]
    if groups:
        client.usergroups_users_update(usergroup=groups[0]["id"], users=[message["user"]])
    again = ""
    try:
        client.conversations_create(name="case-1", is_private=True)
    except SlackApiError as error:
        again = error.response["error"]
    client.chat_postMessage(
        channel=channel, text=f"{len(people)} people, {len(past['messages'])} messages, {again}"
    )


@app.event("message")
def chatter():
    """Messages that are for nobody."""


@app.event("member_joined_channel")
@app.event("member_left_channel")
def moved():
    """Somebody came or went."""


if __name__ == "__main__":
    if os.environ["MODE"] == "http":
        from http.server import ThreadingHTTPServer, BaseHTTPRequestHandler

        from slack_bolt import BoltRequest

        class Door(BaseHTTPRequestHandler):
            """Hands each request to Bolt: its own development server has no "ready"."""

            def do_POST(self):
                size = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(size).decode("utf-8")
                answer = app.dispatch(BoltRequest(body=body, query=None, headers=dict(self.headers)))
                self.send_response(answer.status)
                for name, values in answer.headers.items():
                    for value in values:
                        self.send_header(name, value)
                self.end_headers()
                self.wfile.write((answer.body or "").encode("utf-8"))

            def log_message(self, *_):
                """Quiet: what goes wrong is seen by the test."""

        server = ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Door)
        print("ready", flush=True)
        server.serve_forever()
    else:
        from slack_bolt.adapter.socket_mode import SocketModeHandler

        handler = SocketModeHandler(
            app,
            os.environ["SLACK_APP_TOKEN"],
            web_client=WebClient(token=os.environ["SLACK_APP_TOKEN"], base_url=os.environ["SLACK_API_URL"]),
        )
        handler.connect()
        print("ready", flush=True)
        import threading

        threading.Event().wait()
    sys.exit(0)
