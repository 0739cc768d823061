# SPDX-License-Identifier: Apache-2.0
"""Write beside, then rename: whatever happens in between, the previous output stays whole."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from hlsgen import files
from hlsgen.errors import ProjectError
from hlsgen.files import replace_file, replace_folder, write_text

pytestmark = pytest.mark.unit


def make(target: Path, text: str) -> None:
    with replace_folder(target) as beside:
        (beside / "a.txt").write_text(text)


def left_over(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name.startswith("."))


def test_folder_is_made_and_replaced_whole(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "out"
    make(target, "one")
    (target / "stale.txt").touch()
    make(target, "two")
    assert (target / "a.txt").read_text() == "two"
    assert not (target / "stale.txt").exists()
    assert left_over(target.parent) == []


@pytest.mark.parametrize("stop", [RuntimeError, KeyboardInterrupt])
def test_folder_stays_when_the_block_fails(tmp_path: Path, stop: type[BaseException]) -> None:
    target = tmp_path / "out"
    make(target, "one")
    with pytest.raises(stop), replace_folder(target) as beside:
        (beside / "a.txt").write_text("two")
        raise stop
    assert (target / "a.txt").read_text() == "one"
    assert left_over(tmp_path) == []


@pytest.mark.parametrize("failing", [1, 2], ids=["first", "second"])
def test_folder_stays_when_a_rename_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    target = tmp_path / "out"
    make(target, "one")
    real, calls = Path.rename, [0]

    def rename(self: Path, to: Path) -> Path:
        calls[0] += 1
        if calls[0] == failing:
            raise KeyboardInterrupt
        return real(self, to)

    monkeypatch.setattr(Path, "rename", rename)
    with pytest.raises(KeyboardInterrupt):
        make(target, "two")
    assert (target / "a.txt").read_text() == "one"
    assert left_over(tmp_path) == []


def test_full_disk_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "out"
    make(target, "one")

    def full(path: Path) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(files, "_sync_file", full)
    sentence = (
        r"^Output .*out must be writable, not refused \(No space left on device\); "
        r"the previous output is untouched$"
    )
    with pytest.raises(ProjectError, match=sentence):
        make(target, "two")
    with pytest.raises(ProjectError, match=r"^Output .*b\.txt must be writable, not refused"):
        write_text(tmp_path / "b.txt", "x")
    assert (target / "a.txt").read_text() == "one"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out"]


def test_foreign_folder_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()
    sentence = (
        r"^Output folder must be empty or written by hlsgen, not .*; "
        r"choose another folder or empty it$"
    )
    with pytest.raises(ProjectError, match=sentence):
        make(tmp_path, "x")
    assert (tmp_path / "thesis.tex").exists()


def test_output_of_the_wrong_kind(tmp_path: Path) -> None:
    write_text(tmp_path / "file", "x")
    with pytest.raises(ProjectError, match=r"^Output folder must be a folder, not .*another name$"):
        make(tmp_path / "file", "x")
    with pytest.raises(ProjectError, match=r"^Output file must not be a folder, not .*file in it$"):
        write_text(tmp_path, "x")
    with pytest.raises(ProjectError, match=r"^Output .* must be writable, not refused \(.*\); .*$"):
        write_text(tmp_path / "file" / "below.txt", "x")


def test_errors_of_the_block_pass_unchanged(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), replace_folder(tmp_path / "out"):
        (tmp_path / "input.npy").read_bytes()


def test_file_keeps_suffix_and_old_content(tmp_path: Path) -> None:
    target = tmp_path / "y.npy"
    target.write_text("old")
    with pytest.raises(RuntimeError), replace_file(target) as beside:
        assert beside.suffix == ".npy"
        beside.write_text("new")
        raise RuntimeError
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["y.npy"]
