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
from tests.model_files.header_mutations import Mutator, is_read
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
    assert "not a regular file" in message_for(tmp_path / "pipe")


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
        (bytes(range(256)), "it does not begin with “GGUF”"),
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
    assert "header continues past the end of the file, at 700 bytes" in message_for_bytes(
        tmp_path, tiny_bytes()[:700]
    )


def test_big_endian(tmp_path: Path) -> None:
    content = b"GGUF" + struct.pack(">I", 3) + tiny_bytes()[8:]
    assert "big-endian" in message_for_bytes(tmp_path, content)


@pytest.mark.parametrize("version", [0, 1, 4, 99])
def test_other_versions(tmp_path: Path, version: int) -> None:
    content = b"GGUF" + struct.pack("<I", version) + tiny_bytes()[8:]
    assert f"version {version};" in message_for_bytes(tmp_path, content)


def test_version_2_is_read(tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(b"GGUF" + struct.pack("<I", 2) + tiny_bytes()[8:])
    assert read_model_file(path).n_layers == 2


def test_unknown_architecture(tmp_path: Path) -> None:
    path = write_tiny(tmp_path / "model.gguf", TinyModel(architecture="grumble"))
    assert "architecture “grumble”" in message_for(path)


def test_image_part(tmp_path: Path) -> None:
    path = write_tiny(tmp_path / "model.gguf", TinyModel(architecture="clip"))
    assert "mmproj" in message_for(path)


def test_no_layers(tmp_path: Path) -> None:
    content = tiny_bytes().replace(b"blk.", b"bla.")
    assert "has no layers" in message_for_bytes(tmp_path, content)


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


@pytest.mark.parametrize(
    ("n_tensors", "n_fields", "words"),
    [(1 << 18, 1, "262,144 tensors"), (1, 1 << 17, "131,072 metadata values")],
)
def test_counts_that_a_large_file_could_hold_are_refused_too(
    tmp_path: Path, n_tensors: int, n_fields: int, words: str
) -> None:
    path = tmp_path / "large.gguf"
    path.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, n_tensors, n_fields))
    os.truncate(path, 1 << 40)
    assert f"announces {words}, more than is possible" in message_for(path)


def field(key: bytes, kind: int, value: bytes) -> bytes:
    return struct.pack("<Q", len(key)) + key + struct.pack("<I", kind) + value


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ([field(b"a", 8, struct.pack("<Q", 1 << 30))], "a text of 1,073,741,824 bytes"),
        ([field(b"a", 9, struct.pack("<IQ", 8, 1 << 30))], "1,073,741,824 items of type 8"),
        ([field(b"a", 9, struct.pack("<IQ", 9, 2))], "“a” has 2 items of type 9"),
        ([field(b"a", 9, struct.pack("<IQ", 0, 1 << 33))], "longer than 268,435,456 bytes"),
        ([field(b"a", 9, struct.pack("<IQQ", 8, 2, 1 << 33))], "longer than 268,435,456 bytes"),
        ([field(b"a", 4, b"1234"), field(b"a", 7, b"1")], "“a” occurs twice"),
        ([field(b"", 4, b"1234")], "a name is empty"),
        ([field(b"a", 99, b"")], "“a” has the unknown type 99"),
        ([field(b"general.alignment", 4, b"\0\0\0\x40")], "“general.alignment” is 1073741824"),
        ([field(b"general.alignment", 4, b"\0\0\0\0")], "“general.alignment” is 0"),
        ([field(b"general.alignment", 7, b"\1")], "“general.alignment” is True"),
        ([field(b"general.alignment", 9, struct.pack("<IQB", 0, 1, 8))], "“general.alignment”"),
    ],
)
def test_absurd_metadata_of_a_huge_file_is_refused_where_it_stands(
    tmp_path: Path, fields: list[bytes], words: str
) -> None:
    path = tmp_path / "huge.gguf"
    path.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 0, len(fields)) + b"".join(fields))
    os.truncate(path, 1 << 40)
    message = message_for(path)
    assert words in message
    assert "“huge.gguf” is damaged at byte " in message


FIRST_TENSOR = b"blk.0.attn_norm.weight"


@pytest.mark.parametrize(
    ("at", "patch", "words"),
    [
        (0, struct.pack("<I", 5), "has 5 dimensions"),
        (4, struct.pack("<Q", 1 << 63), "cannot have the shape"),
        (12, struct.pack("<I", 4), "the unknown type 4"),
        (16, struct.pack("<Q", 0), "does not follow the one before it"),
        (16, struct.pack("<Q", 1 << 50), "does not follow the one before it"),
    ],
)
def test_a_lying_table_of_tensors_is_refused_where_it_stands(
    tmp_path: Path, at: int, patch: bytes, words: str
) -> None:
    """`at` counts from the end of the tensor's name."""
    content = bytearray(tiny_bytes())
    begin = content.index(FIRST_TENSOR)
    at += begin + len(FIRST_TENSOR)
    content[at : at + len(patch)] = patch
    message = message_for_bytes(tmp_path, bytes(content))
    assert words in message
    assert f"damaged at byte {begin - 8:,}: " in message


def test_two_tensors_of_one_name_are_refused_at_the_second(tmp_path: Path) -> None:
    content = tiny_bytes().replace(b"blk.1.attn_norm.weight", FIRST_TENSOR)
    message = message_for_bytes(tmp_path, content)
    assert "“blk.0.attn_norm.weight” occurs twice" in message
    assert f"damaged at byte {content.rindex(FIRST_TENSOR) - 8:,}: " in message


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


def test_thousands_of_damaged_headers_give_a_sentence_each(tmp_path: Path) -> None:
    model = write_tiny(tmp_path / "whole.gguf", TinyModel(n_layers=2, n_ff=64))
    mutator = Mutator(model, seed=0)
    path = tmp_path / "damaged.gguf"
    path.touch()
    n_read = 0
    for _ in range(3000):
        mutator.write_next(path)
        n_read += is_read(path)
    assert 0 < n_read < 1500


def any_bytes(content: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder, "model.gguf")
        path.write_bytes(content)
        assert not is_read(path)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_after_the_magic_give_a_sentence(content: bytes) -> None:
    any_bytes(b"GGUF" + struct.pack("<I", 3) + content)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_give_a_sentence(content: bytes) -> None:
    any_bytes(content)
