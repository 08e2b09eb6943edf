"""The few bytes of RFC 6455 that a stream needs: unmasked text out, masked frames in, no extension ever."""

import base64
import hashlib
import struct
from dataclasses import dataclass

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
LARGEST_CONTROL = 125


class Violation(Exception):
    """The client broke the protocol; `code` closes the connection (RFC 6455, 7.4.1)."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


@dataclass(slots=True)
class Inbound:
    """A frame from the client, unmasked."""

    opcode: int
    payload: bytes


def accept_key(key: bytes) -> bytes:
    """The answer to Sec-WebSocket-Key (RFC 6455, 4.2.2)."""
    return base64.b64encode(hashlib.sha1(key + GUID).digest())  # noqa: S324 - the RFC's handshake


def frame(opcode: int, payload: bytes) -> bytes:
    """One whole, unmasked frame."""
    size = len(payload)
    if size < 126:
        return bytes((0x80 | opcode, size)) + payload
    if size < 65_536:
        return struct.pack("!BBH", 0x80 | opcode, 126, size) + payload
    return struct.pack("!BBQ", 0x80 | opcode, 127, size) + payload


def close_frame(code: int, reason: str = "") -> bytes:
    """A close frame; a reason longer than a control frame is cut."""
    return frame(CLOSE, struct.pack("!H", code) + reason.encode()[: LARGEST_CONTROL - 2])


def next_frame(data: bytes, largest: int) -> tuple[Inbound | None, bytes]:
    """The first frame of `data`, or None while it is incomplete, and what follows it. Raises Violation."""
    if len(data) < 2:
        return None, data
    opcode, size, start = data[0] & 0x0F, data[1] & 0x7F, 2
    _check_first_bytes(data, opcode, size)
    if size > LARGEST_CONTROL:
        start = 4 if size == 126 else 10
        if len(data) < start:
            return None, data
        size = int.from_bytes(data[2:start], "big")
    if size > largest:
        raise Violation(1009)
    end = start + 4 + size
    if len(data) < end:
        return None, data
    return Inbound(opcode, _unmasked(data[start + 4 : end], data[start : start + 4])), data[end:]


def _check_first_bytes(data: bytes, opcode: int, size: int) -> None:
    is_masked, has_extension = data[1] & 0x80, data[0] & 0x70
    is_control, is_final = opcode >= CLOSE, data[0] & 0x80
    if not is_masked or has_extension or opcode not in {CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG}:
        raise Violation(1002)
    if is_control and (size > LARGEST_CONTROL or not is_final):
        raise Violation(1002)


def _unmasked(payload: bytes, mask: bytes) -> bytes:
    size = len(payload)
    long_mask = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(long_mask, "big")).to_bytes(size, "big")
