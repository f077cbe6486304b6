"""The index of a session, as the store sees it."""

from __future__ import annotations

from ingest.contract import InitSegment, Key, Rendition, StoredChunk, StoredSegment, StoredSession
from ingest.package.index import Due, Index

PREFIX = "p" * 22


def init(name: str) -> InitSegment:
    kind = "audio" if name == "audio" else "video"
    rendition = Rendition(name, "audio" if kind == "audio" else "video", "avc1.42c01f", 1_000)
    return InitSegment("s1", "e1", rendition, ("720p", "audio"), 0.5, 2.0, "2026-01-01T00:00:00Z", PREFIX, b"init")


def begun() -> Index:
    index = Index(PREFIX)
    index.begin(init("720p"))
    index.begin(init("audio"))
    return index


def write(index: Index, store: dict[str, bytes]) -> None:
    for due in index.due():
        store[due.key] = due.data
        index.written(due)


def test_a_session_is_named_only_when_all_its_renditions_are_known() -> None:
    index = Index(PREFIX)
    index.begin(init("720p"))
    assert [d.key for d in index.due()] == [Key.init(PREFIX, "720p")]
    index.begin(init("audio"))
    assert [d.key for d in index.due()][-2:] == [Key.session(PREFIX), Key.pointer("e1", "s1")]
    assert index.due()[-1].data == PREFIX.encode()


def test_the_chunks_together_hold_every_segment_in_order() -> None:
    index, store = begun(), dict[str, bytes]()
    for n in range(150):
        index.add("720p", 180_000, 1000 + n)
        index.add("audio", 96_256, 500)
        write(index, store)
    assert index.due() == []
    found = [StoredChunk.from_json(store[Key.chunk(PREFIX, n)]).segments for n in range(3)]
    assert [s for chunk in found for s in chunk["720p"]] == [StoredSegment(180_000, 1000 + n) for n in range(150)]
    assert [len(chunk["audio"]) for chunk in found] == [64, 64, 22]


def test_what_was_not_written_stays_due() -> None:
    index = begun()
    index.add("720p", 180_000, 1)
    assert [d.key for d in index.due()] == [d.key for d in index.due()]
    assert len(index.due()) == 5


def test_what_changed_while_it_was_written_is_written_again() -> None:
    index, store = begun(), dict[str, bytes]()
    write(index, store)
    index.add("720p", 180_000, 1)
    (due,) = index.due()
    index.add("720p", 180_000, 2)
    index.written(due)
    (again,) = index.due()
    assert isinstance(again, Due)
    assert len(StoredChunk.from_json(again.data).segments["720p"]) == 2


def test_the_end_is_written_once() -> None:
    index, store = begun(), dict[str, bytes]()
    write(index, store)
    assert not StoredSession.from_json(store[Key.session(PREFIX)]).complete
    index.close()
    write(index, store)
    index.close()
    session = StoredSession.from_json(store[Key.session(PREFIX)])
    assert session.complete
    assert [r.name for r in session.renditions] == ["720p", "audio"]
    assert index.due() == []


def test_a_session_without_a_picture_leaves_nothing() -> None:
    index = Index(PREFIX)
    index.close()
    assert index.due() == []
