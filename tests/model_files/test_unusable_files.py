"""Files that are no usable model: a sentence that helps, and never another exception."""

from __future__ import annotations

import os
import pickle
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.model_files.errors import ModelFileError
from app.model_files.reader import read_model_file
from tests.model_files.tiny import TinyModel, write_tiny


@cache
def tiny_bytes() -> bytes:
    with TemporaryDirectory() as folder:
        return write_tiny(Path(folder, "t.gguf"), TinyModel(n_layers=2, n_ff=64)).read_bytes()


def message_for(path: Path) -> str:
    with pytest.raises(ModelFileError) as caught:
        read_model_file(path)
    assert caught.value.path == path
    return str(caught.value)


def message_for_bytes(tmp_path: Path, content: bytes) -> str:
    path = tmp_path / "model.gguf"
    path.write_bytes(content)
    message = message_for(path)
    assert "“model.gguf”" in message
    return message


def with_value(key: str, change: Callable[[bytes], bytes]) -> bytes:
    """The tiny model with the bytes after a metadata key changed."""
    content = tiny_bytes()
    end = content.index(key.encode()) + len(key)
    return content[:end] + change(content[end:])


def test_missing(tmp_path: Path) -> None:
    assert message_for(tmp_path / "no.gguf").startswith("There is no file “/")


def test_below_a_file(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    assert "cannot be read" in message_for(tmp_path / "a" / "b.gguf")


def test_impossible_path() -> None:
    assert "cannot be read" in message_for(Path("a\0b.gguf"))


def test_a_folder(tmp_path: Path) -> None:
    assert "is a folder" in message_for(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "not an ordinary file" in message_for(tmp_path / "pipe")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads all")
def test_no_rights(tmp_path: Path) -> None:
    path = write_tiny(tmp_path / "t.gguf")
    path.chmod(0)
    assert "Permission denied" in message_for(path)


def test_empty(tmp_path: Path) -> None:
    assert "is empty" in message_for_bytes(tmp_path, b"")


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (struct.pack("<Q", 20) + b'{"__metadata__":{}}  ', "a safetensors file"),
        (b"WeightBlock; 0; 3; 0; -1\nTotalLayers; 3\n", "a text file"),
        ("Größe".encode() * 2000, "a text file"),
        (b"<!DOCTYPE html><html>", "a web page"),
        (b"version https://git-lfs.github.com/spec/v1\n", "a Git LFS pointer"),
        (b"\x80\x02}q\x00.", "a Python pickle"),
        (bytes(range(256)), "its first bytes are not “GGUF”"),
    ],
)
def test_another_kind_of_file(tmp_path: Path, content: bytes, kind: str) -> None:
    message = message_for_bytes(tmp_path, content)
    assert "is not a GGUF model" in message
    assert kind in message


def test_a_zip_archive(tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("data.pkl", b"x")
    assert "a zip archive or a PyTorch checkpoint" in message_for(path)


def test_cut_off_in_the_weights_says_how_much_is_missing(tmp_path: Path) -> None:
    content = tiny_bytes()
    message = message_for_bytes(tmp_path, content[:-1000])
    assert f"1,000 of {len(content):,} bytes are missing" in message


def test_cut_off_in_the_header(tmp_path: Path) -> None:
    assert "header goes on past its end, which is at 700 bytes" in message_for_bytes(
        tmp_path, tiny_bytes()[:700]
    )


def test_big_endian(tmp_path: Path) -> None:
    content = b"GGUF" + struct.pack(">I", 3) + tiny_bytes()[8:]
    assert "big-endian" in message_for_bytes(tmp_path, content)


@pytest.mark.parametrize("version", [0, 1, 4, 99])
def test_other_versions(tmp_path: Path, version: int) -> None:
    content = b"GGUF" + struct.pack("<I", version) + tiny_bytes()[8:]
    message = message_for_bytes(tmp_path, content)
    assert f"version {version};" in message or "big-endian" in message


def test_unknown_architecture(tmp_path: Path) -> None:
    path = write_tiny(tmp_path / "model.gguf", TinyModel(architecture="grumble"))
    assert "architecture “grumble”" in message_for(path)


def test_image_part(tmp_path: Path) -> None:
    path = write_tiny(tmp_path / "model.gguf", TinyModel(architecture="clip"))
    assert "mmproj" in message_for(path)


def test_no_layers(tmp_path: Path) -> None:
    content = tiny_bytes().replace(b"blk.", b"bla.")
    assert "holds no layers" in message_for_bytes(tmp_path, content)


def test_a_layer_without_tensors(tmp_path: Path) -> None:
    content = tiny_bytes().replace(b"blk.1.", b"blk.7.")
    assert "announces 2 layers, but the tensors of layer 1 are missing" in message_for_bytes(
        tmp_path, content
    )


def test_too_many_layers(tmp_path: Path) -> None:
    content = with_value("llama.block_count", lambda b: b[:4] + struct.pack("<I", 513) + b[8:])
    assert "announces 513 layers" in message_for_bytes(tmp_path, content)


def test_a_number_of_another_type(tmp_path: Path) -> None:
    content = with_value("llama.block_count", lambda b: struct.pack("<I", 6) + b[4:])
    assert "instead of a whole number" in message_for_bytes(tmp_path, content)


def test_an_impossible_shape(tmp_path: Path) -> None:
    content = with_value(
        "blk.0.attn_q.weight", lambda b: b[:4] + struct.pack("<QQ", 1 << 62, 1 << 62) + b[20:]
    )
    assert "cannot have the shape" in message_for_bytes(tmp_path, content)


def test_a_count_that_no_file_holds(tmp_path: Path) -> None:
    content = tiny_bytes()
    lying = content[:8] + struct.pack("<Q", 1 << 60) + content[16:]
    assert "announces 1,152,921,504,606,846,976 tensors" in message_for_bytes(tmp_path, lying)


def test_the_error_survives_the_pipe(tmp_path: Path) -> None:
    error = ModelFileError(tmp_path, "It is gone.")
    copy = pickle.loads(pickle.dumps(error))
    assert (copy.path, str(copy)) == (tmp_path, "It is gone.")


def test_a_lying_header_of_a_large_file_takes_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "large.gguf"
    key = b"tokenizer.ggml.scores"
    field = struct.pack("<Q", len(key)) + key + struct.pack("<IIQ", 9, 6, 250_000_000)
    path.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 1, 2) + field)
    os.truncate(path, 1 << 30)
    tracemalloc.start()
    message = message_for(path)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert "damaged" in message
    assert peak_bytes < 8 << 20


EXTREME = st.sampled_from([0, 1, 2, 255, 1 << 31, (1 << 32) - 1, 1 << 32, 1 << 62, (1 << 64) - 1])


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """The tiny model with a few places of its header overwritten, and perhaps cut or padded."""
    content = bytearray(tiny_bytes())
    header_end = content.rindex(b"blk.") + 100
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(4, header_end))
        patch = draw(
            st.one_of(
                st.binary(min_size=1, max_size=12),
                EXTREME.map(lambda n: struct.pack("<Q", n)),
                st.integers(0, 50).map(lambda n: struct.pack("<I", n)),
            )
        )
        if draw(st.booleans()):
            content[at : at + len(patch)] = patch
        else:
            content[at:at] = patch
    if draw(st.booleans()):
        del content[draw(st.integers(0, len(content))) :]
    return bytes(content)


def read_or_sentence(content: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder, "model.gguf")
        path.write_bytes(content)
        try:
            model = read_model_file(path)
        except ModelFileError as error:
            message = str(error)
            assert message.endswith(".")
            assert len(message) < 600
            assert message.isprintable()
        else:
            assert 0 < model.n_layers == len(model.layer_bytes) == len(model.n_head_kv)


@settings(max_examples=400, deadline=None)
@given(mutated())
def test_any_damage_gives_a_sentence(content: bytes) -> None:
    read_or_sentence(content)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_after_the_magic_give_a_sentence(content: bytes) -> None:
    read_or_sentence(b"GGUF" + struct.pack("<I", 3) + content)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_give_a_sentence(content: bytes) -> None:
    read_or_sentence(content)
