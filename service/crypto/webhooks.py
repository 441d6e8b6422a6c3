"""Signing what subscribed systems are sent, as the Standard Webhooks specification has it.

Signed:    message id | "." | moment of sending, in whole seconds since 1970 UTC | "." | body
Signature: "v1," | base64 of HMAC-SHA-256 of that under the subscriber's secret
Headers:   webhook-id, webhook-timestamp, webhook-signature

The id is the same each time a message is sent; the moment, and so the signature, is not.
"""

import base64
import hmac
from datetime import datetime


def signed_headers(
    secret: bytes, message_id: str, sent_at: datetime, body: bytes
) -> dict[str, str]:
    """The headers by which the receiver knows who sent this, and when."""
    seconds = str(int(sent_at.timestamp()))
    mac = hmac.digest(secret, f"{message_id}.{seconds}.".encode() + body, "sha256")
    return {
        "webhook-id": message_id,
        "webhook-timestamp": seconds,
        "webhook-signature": f"v1,{base64.b64encode(mac).decode()}",
    }
