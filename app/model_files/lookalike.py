"""What a file that is no GGUF seems to be, from its first bytes."""

from __future__ import annotations

import struct

_MAGICS = (
    (b"PK\x03\x04", "a zip archive or a PyTorch checkpoint"),
    (b"PK\x05\x06", "an empty zip archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\xfd7zXZ\x00", "an xz archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive"),
    (b"Rar!", "a rar archive"),
    (b"\x80\x02", "a Python pickle, perhaps an old PyTorch checkpoint"),
    (b"\x89HDF", "an HDF5 file, perhaps a Keras model"),
    (b"version https://git-lfs", "a Git LFS pointer, not the file it points to"),
    (b"lmgg", "a GGML model from before GGUF"),
    (b"fmgg", "a GGML model from before GGUF"),
    (b"tjgg", "a GGML model from before GGUF"),
    (b"%PDF", "a PDF document"),
)
_WEB_PAGE = (b"<!doctype", b"<html")
_PRINTABLE_CONTROLS = "\t\n\r\f"


def describe(head: bytes) -> str:
    """A noun phrase for the kind of file, '' when nothing fits."""
    for magic, what in _MAGICS:
        if head.startswith(magic):
            return what
    if head.lstrip().lower().startswith(_WEB_PAGE):
        return "a web page, perhaps an error page saved instead of the download"
    if _is_safetensors(head):
        return "a safetensors file"
    if _is_text(head):
        return "a text file"
    return ""


def _is_safetensors(head: bytes) -> bool:
    """Its first 8 bytes count the bytes of the JSON object that follows."""
    if len(head) < 10:
        return False
    (n_bytes,) = struct.unpack_from("<Q", head)
    return 2 <= n_bytes <= 100_000_000 and head[8:].lstrip().startswith(b"{")


def _is_text(head: bytes) -> bool:
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 3:
            return False
        text = head[: error.start].decode("utf-8")
    return bool(text) and all(c.isprintable() or c in _PRINTABLE_CONTROLS for c in text)
