"""Tells schemathesis that a stream of events is text."""

import schemathesis


@schemathesis.deserializer("text/event-stream")
def events(context, response):
    return response.text
