"""What schemathesis must be told: a stream of events is a text."""

import schemathesis


@schemathesis.deserializer("text/event-stream")
def events(context, response):
    return response.text
