"""Sends to baolu's phone stand-in with the official firebase-admin client.

Usage: peer_firebase.py SERVICE_ACCOUNT_JSON ENDPOINT

The client has a fixed address and no setting for another; only that address is replaced, the rest
(credentials, encoding, error classes) is the client's own. Exits with 0 when every message was
taken or refused as FCM would.
"""

import sys
from datetime import timedelta

import firebase_admin
from firebase_admin import credentials, exceptions, messaging

account, endpoint = sys.argv[1:3]
app = firebase_admin.initialize_app(credentials.Certificate(account))
service = messaging._get_messaging_service(app)
service._fcm_url = f"{endpoint}/v1/projects/{app.project_id}/messages:send"


def message(number, title, **target):
    return messaging.Message(
        notification=messaging.Notification(title=title, body="Mực nước đang lên"),
        data={"delivery": f"d{number}", "hazard": "flood", "zone": "thuan-hoa", "severity": "4", "lang": "vi"},
        android=messaging.AndroidConfig(
            priority="high",
            ttl=timedelta(hours=1),
            collapse_key=f"d{number}",
            notification=messaging.AndroidNotification(tag=f"d{number}", channel_id="s4"),
        ),
        apns=messaging.APNSConfig(
            headers={"apns-priority": "10", "apns-collapse-id": f"d{number}"},
            payload=messaging.APNSPayload(aps=messaging.Aps(sound="default", thread_id="flood")),
        ),
        **target,
    )


def refused(error, message):
    try:
        messaging.send(message)
    except exceptions.FirebaseError as raised:
        assert type(raised) is error, f"{type(raised).__name__} instead of {error.__name__}: {raised}"
        return raised
    raise AssertionError(f"taken, though {error.__name__} was expected")


topic = "hue.flood.thuan-hoa.s1.vi"
name = messaging.send(message(1, "by topic", topic=topic))
assert name.startswith(f"projects/{app.project_id}/messages/"), name
messaging.send(message(2, "by condition", condition=f"'{topic}' in topics || 'other' in topics"))
messaging.send(message(3, "by token", token="phone:thuan-hoa.vi"))
messaging.send(message(4, "dry run", topic=topic), dry_run=True)

refused(messaging.UnregisteredError, message(5, "gone", token="no-such-phone"))
raised = refused(exceptions.InvalidArgumentError, message(6, "bad condition", condition="topic in topics"))
assert "condition" in str(raised), raised
bad = message(7, "reserved key", topic=topic)
bad.data["google.x"] = "1"
refused(exceptions.InvalidArgumentError, bad)
six = " || ".join(f"'t{n}' in topics" for n in range(6))
refused(exceptions.InvalidArgumentError, message(8, "six topics", condition=six))
