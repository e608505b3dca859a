#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""
Streams of xmover, written a second time from engine/wire-format.h alone: the expected bytes of
tests/unit/test-wire.c, and streams that a hostile hand sealed properly, come from here.

  wire.py golden                     the frames of test-wire.c, as commented hex
  wire.py list FILE                  a line a frame: its number, type, flags, length
  wire.py edit FILE OUT OP...        FILE with its frames changed, numbered and sealed again:
      version=N    the version in HELLO          drop=I       frame I left out
      end=CODE     the code in END               swap=I,J     two frames exchanged
      made=T       HELLO's time                  copy=I       frame I twice
      poke=I,AT,HEX    bytes of frame I's payload     type=I,T     its type
      raw          as the frames were: neither numbered nor sealed again
"""
import struct
import sys

M = (1 << 64) - 1
P32 = 0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D
P64 = (0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x85EBCA77C2B2AE63,
       0x27D4EB2F165667C5)
SECRET = bytes.fromhex(
    "b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671fcb79e64eccc0e578825ad07dccff7221"
    "b8084674f743248ee03590e6813a264c3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8"
    "a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364eac5ac8334d3ebc3c581a0fffa1363eb"
    "170ddd51b7f0da49d316552629d4689e2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e")


def u64(b, at):
    return int.from_bytes(b[at:at + 8], "little")


def fold(a, b):
    p = a * b
    return (p & M) ^ (p >> 64)


def avalanche(h):
    h ^= h >> 37
    h = h * 0x165667919E3779F9 & M
    return h ^ h >> 32


def mix16(b, at, sec, seed):
    return fold(u64(b, at) ^ (u64(SECRET, sec) + seed & M), u64(b, at + 8) ^ (u64(SECRET, sec + 8) - seed & M))


def xxh3_long(b, seed):
    secret = b"".join(struct.pack("<QQ", u64(SECRET, i) + seed & M, u64(SECRET, i + 8) - seed & M)
                      for i in range(0, 192, 16))
    acc = [P32[2], P64[0], P64[1], P64[2], P64[3], P32[1], P64[4], P32[0]]

    def stripe(at, sec):
        for i in range(8):
            v = u64(b, at + 8 * i)
            k = v ^ u64(secret, sec + 8 * i)
            acc[i ^ 1] = acc[i ^ 1] + v & M
            acc[i] = acc[i] + (k & 0xffffffff) * (k >> 32) & M

    blocks = (len(b) - 1) // 1024
    for n in range(blocks):
        for i in range(16):
            stripe(1024 * n + 64 * i, 8 * i)
        for i in range(8):
            a = acc[i] ^ acc[i] >> 47 ^ u64(secret, 128 + 8 * i)
            acc[i] = a * P32[0] & M
    for i in range((len(b) - 1 - 1024 * blocks) // 64):
        stripe(1024 * blocks + 64 * i, 8 * i)
    stripe(len(b) - 64, 121)
    r = len(b) * P64[0] & M
    for i in range(4):
        r += fold(acc[2 * i] ^ u64(secret, 11 + 16 * i), acc[2 * i + 1] ^ u64(secret, 19 + 16 * i))
    return avalanche(r & M)


def xxh3(b, seed=0):
    """XXH3, 64 bits, of 17 bytes or more."""
    n = len(b)
    if n > 240:
        return xxh3_long(b, seed)
    h = n * P64[0] & M
    if n <= 128:
        for i in range((n - 1) // 32, -1, -1):
            h += mix16(b, 16 * i, 32 * i, seed) + mix16(b, n - 16 * (i + 1), 32 * i + 16, seed)
        return avalanche(h & M)
    for i in range(8):
        h += mix16(b, 16 * i, 16 * i, seed)
    h = avalanche(h & M)
    for i in range(8, n // 16):
        h += mix16(b, 16 * i, 16 * (i - 8) + 3, seed)
    return avalanche(h + mix16(b, n - 16, 136 - 17, seed) & M)


TYPES = ("HELLO EXTENTS READ DATA ZERO SKIP POPULATE TOKEN FAIL ACK END PING DIGEST").split()


def frame(kind, number, seed, payload, flags=0):
    head = struct.pack(">IHHIIQ", 0x584d5652, TYPES.index(kind) + 1, flags, len(payload), 0, number)
    return head + struct.pack(">Q", xxh3(head + payload, 0 if kind == "HELLO" else seed)) + payload


def text(s):
    return struct.pack(">H", len(s)) + s.encode()


def hello(version=2, kind=1, flags=0, stream=0x0123456789abcdef, answers=0, size=1 << 20, max_io=1 << 16,
          granule=1 << 16, made=0x65000000, birth=0, block=512, boot=bytes(16),
          texts=("LIO-ORG", "disk", "4.0", "42"), names=("naa.60014051234567890",)):
    return (struct.pack(">HHIQQQQQQQI", version, kind, flags, stream, answers, size, max_io, granule, made,
                        birth, block) + boot + struct.pack(">I", len(names)) +
            b"".join(text(t) for t in texts) + b"".join(text(t) for t in names))


def runs(ident, covered, life, rows, token=b""):
    return (struct.pack(">QQII", ident, covered, len(rows), life) +
            b"".join(struct.pack(">QQ", *r) for r in rows) + token)


SEED = 0x0123456789abcdef
TOKEN = bytes(range(256)) * 2
DATA = bytes((7 * i + 3) & 255 for i in range(512))


def golden():
    return [
        ("HELLO", 0, hello()),
        ("DATA", 0, struct.pack(">QQII", 0, 0x10000, 512, 0) + DATA),
        ("DATA", 1, struct.pack(">QQII", 9, 0x20000, 0x8000, 0)),
        ("ZERO", 0, struct.pack(">QQ", 0x30000, 0x10000)),
        ("SKIP", 0, struct.pack(">QQ", 0x40000, 0x10000)),
        ("TOKEN", 1, runs(0, 0x18000, 600, [(0x50000, 0x10000), (0x70000, 0x8000)], TOKEN)),
        ("DIGEST", 0, struct.pack(">QIIQ", 0x10000, 512, 0, xxh3(DATA))),
        ("END", 0, struct.pack(">IIQ", 0, 0, 0x38000) + text("all of it")),
        ("EXTENTS", 1, struct.pack(">QQQQ", 0x1000, 0x1000, 0x8000, 0x2000)),
        ("READ", 0, struct.pack(">QQII", 5, 0x7000, 0x1000, 0)),
        ("POPULATE", 0, runs(6, 0, 0, [(0, 0x10000), (0x20000, 0x10000)])),
        ("FAIL", 0, struct.pack(">Q6I", 6, 5, 3, 1, 74, 1, 0) + text("medium_error") + text("LBA 7 is bad")),
        ("ACK", 0, struct.pack(">QQ", 0, 0x100000)),
        ("PING", 0, b""),
    ]


def print_golden():
    for number, (kind, flags, payload) in enumerate(golden()):
        b = frame(kind, number, SEED, payload, flags)
        print("/* %s, frame %d */" % (kind, number))
        for at in range(0, len(b), 32):
            print('\t"%s"' % b[at:at + 32].hex())


def read(name):
    b = open(name, "rb").read()
    at, out = 0, []
    while at < len(b):
        _, kind, flags, n, _, _, _ = struct.unpack(">IHHIIQQ", b[at:at + 32])
        out.append([TYPES[kind - 1], flags, b[at + 32:at + 32 + n], b[at:at + 32 + n]])
        at += 32 + n
    return out


def poke(payload, at, new):
    return payload[:at] + new + payload[at + len(new):]


def change(frames, op, value):
    n = value.split(",")
    i = int(n[0])
    if op == "version":
        frames[0][2] = poke(frames[0][2], 0, struct.pack(">H", i))
    elif op == "made":
        frames[0][2] = poke(frames[0][2], 48, struct.pack(">Q", i))
    elif op == "end":
        frames[-1][2] = poke(frames[-1][2], 0, struct.pack(">I", i))
    elif op == "drop":
        del frames[i]
    elif op == "copy":
        frames.insert(i, frames[i])
    elif op == "swap":
        j = int(n[1])
        frames[i], frames[j] = frames[j], frames[i]
    elif op == "type":
        frames[i][0] = n[1]
    elif op == "poke":
        frames[i][2] = poke(frames[i][2], int(n[1]), bytes.fromhex(value.split(",")[2]))
    else:
        sys.exit("wire.py: no such change: " + op)


def edit(name, out, ops):
    frames = read(name)
    for op in ops:
        if op != "raw":
            change(frames, *op.split("="))
    seed = struct.unpack(">Q", frames[0][2][8:16])[0]
    with open(out, "wb") as f:
        for number, (kind, flags, payload, was) in enumerate(frames):
            f.write(was if "raw" in ops else frame(kind, number, seed, payload, flags))


if __name__ == "__main__":
    if sys.argv[1:2] == ["golden"]:
        print_golden()
    elif sys.argv[1:2] == ["list"]:
        for number, f in enumerate(read(sys.argv[2])):
            print(number, f[0], f[1], len(f[2]))
    elif sys.argv[1:2] == ["edit"]:
        edit(sys.argv[2], sys.argv[3], sys.argv[4:])
    else:
        sys.exit(__doc__)
