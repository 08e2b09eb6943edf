"""RFC 6455 as far as a stream needs it, checked against the library that Hypercorn uses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wsproto.connection import Connection, ConnectionType
from wsproto.events import BytesMessage, Event, Message, Ping, TextMessage

from realtime import websocket
from realtime.websocket import Violation, frame, next_frame


@given(st.text(max_size=70_000))
def test_a_text_frame_is_read_by_another_implementation(text: str) -> None:
    client = Connection(ConnectionType.CLIENT)
    client.receive_data(frame(websocket.TEXT, text.encode()))
    messages = [event for event in client.events() if isinstance(event, Message)]
    assert "".join(str(message.data) for message in messages) == text


@pytest.mark.parametrize(
    ("sent", "opcode", "payload"),
    [
        (TextMessage(data="beat"), websocket.TEXT, b"beat"),
        (BytesMessage(data=b"x" * 3_000), websocket.BINARY, b"x" * 3_000),
        (Ping(payload=b"here?"), websocket.PING, b"here?"),
    ],
)
def test_a_frame_of_another_implementation_is_read_also_byte_by_byte(sent: Event, opcode: int, payload: bytes) -> None:
    data = Connection(ConnectionType.CLIENT).send(sent)
    for cut in range(len(data)):
        assert next_frame(data[:cut], 4_096) == (None, data[:cut])
    found, rest = next_frame(data + b"more", 4_096)
    assert found is not None
    assert (found.opcode, found.payload, rest) == (opcode, payload, b"more")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"\x81\x04beat", 1002),  # not masked
        (b"\xc1\x84mask....", 1002),  # a compressed frame
        (b"\x83\x84mask....", 1002),  # an opcode that does not exist
        (b"\x09\x80mask", 1002),  # a control frame in parts
        (b"\x89\xfe\x01\x00", 1002),  # a control frame too long
        (b"\x81\xff" + b"\x7f" * 8, 1009),  # larger than anybody may send
    ],
)
def test_what_breaks_the_protocol_closes_the_connection(data: bytes, code: int) -> None:
    with pytest.raises(Violation) as violation:
        next_frame(data, 4_096)
    assert violation.value.code == code
