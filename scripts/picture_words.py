"""What the pictures of the hosting guide show: one event and the people in it, in both languages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Words:
    """All that is written on the pages by somebody. The first of `people` is looked at: the room is theirs."""

    locale: str
    host: str
    title: str
    organizer: str
    description: str
    question: str
    works: tuple[str, ...]
    agenda: tuple[tuple[str, str, int], ...]  # (what, who speaks, minutes)
    speakers: tuple[tuple[str, str], ...]
    people: tuple[str, ...]
    said: tuple[str, ...]  # in the chat, by the people in their order; the first is pinned
    held: str  # waits for review, because of `blocked`
    blocked: str
    asked: tuple[tuple[str, int], ...]  # questions and their votes; the first is on screen
    poll: tuple[str, tuple[str, ...]]
    note: str
    deck: str
    slides: tuple[int, ...]  # of the demo's talk, those in this language: for the room
    page: int  # and the one in the studio
    camera: str
    microphone: str


KO: Final = Words(
    locale="ko-KR",
    host="박서연",
    title="온라인으로 옮긴 학술대회: 사흘의 기록",
    organizer="한국온라인학회",
    description="삼백 명이 모이던 학술대회를 온라인으로 옮기며 배운 것을 나눠요.\n발표 두 편과 질의응답으로 진행해요.",
    question="소속",
    works=("한빛병원", "가온대학교", "새솔연구소", "다온전자", "누리학교"),
    agenda=(
        ("여는 말", "박서연", 5),
        ("온라인으로 옮기기까지", "김하나", 25),
        ("운영하며 배운 것", "이준호", 20),
        ("질의응답", "", 20),
    ),
    speakers=(("김하나", "가온대학교 교수"), ("이준호", "새솔연구소 책임연구원")),
    people=(
        *("정다은", "최민준", "강지우", "윤서아", "임도윤", "한지민", "오세훈", "서하준", "신유나", "권태현"),
        *("황보라", "안소희", "송민재", "류지호", "전은서", "홍가람", "문채원", "양현우", "배수아", "조은별"),
    ),
    said=(
        "발표 자료는 끝난 뒤 행사 페이지에서 받을 수 있다고 해요.",
        "안녕하세요! 화면과 소리 모두 좋아요.",
        "부산에서 함께하고 있어요.",
        "입장이 정말 빨라졌네요.",
        "앱을 설치하지 않아도 되어서 편해요.",
        "지난해보다 질문하기가 쉬워요.",
    ),
    held="광고: 싸게 드려요, 연락 주세요",
    blocked="광고",
    asked=(
        ("소규모 학회도 이렇게 운영할 수 있을까요?", 6),
        ("녹화는 언제까지 볼 수 있나요?", 4),
        ("평점 확인은 어디에서 하나요?", 2),
    ),
    poll=("다음 학술대회는 어떻게 열면 좋을까요?", ("온라인", "현장", "둘 다")),
    note="다음 순서는 2분 뒤에 시작할게요.",
    deck="발표자료.pdf",
    slides=(1, 3, 5, 7),
    page=3,
    camera="내장 카메라",
    microphone="내장 마이크",
)

EN: Final = Words(
    locale="en-GB",
    host="Hana Park",
    title="Moving a conference online: notes of three days",
    organizer="Society for Meeting Online",
    description="What we learnt when a conference of 300 people moved online.\nTwo talks, then your questions.",
    question="Where do you work?",
    works=("Northside Hospital", "Lakeview University", "Elm Institute", "Harbour Clinic", "City College"),
    agenda=(
        ("Welcome", "Hana Park", 5),
        ("Why we moved, and how", "Mina Kim", 25),
        ("What we would do again", "João Silva", 20),
        ("Questions", "", 20),
    ),
    speakers=(("Mina Kim", "Professor, Lakeview University"), ("João Silva", "Elm Institute")),
    people=(
        *("Sora Lee", "Thomas Berg", "Amara Okafor", "Lucía Torres", "Ben Carter", "Yuki Tanaka", "Clara Rossi"),
        *("Peter Novak", "Ines Costa", "Ravi Mehta", "Anna Lind", "Owen Walsh", "Julia Weber", "Leo Martin"),
        *("Nora Haddad", "Ivan Petrov", "Maya Cohen", "Paul Dubois", "Elif Demir", "Kate Morgan"),
    ),
    said=(
        "The slides will be on the event page afterwards.",
        "Hello! Picture and sound are fine here.",
        "Good afternoon from Lisbon.",
        "That was quick: one click and I was in.",
        "No app to install, at last.",
        "Asking is easier than it was last year.",
    ),
    held="Cheap offer, write to me",
    blocked="cheap",
    asked=(
        ("Would you do this for a society of forty people?", 6),
        ("Until when can we watch the recording?", 4),
        ("Where do I see my credits?", 2),
    ),
    poll=("How should the next conference be held?", ("Online", "On site", "Both")),
    note="We go on with the next talk in two minutes.",
    deck="slides.pdf",
    slides=(2, 4, 6),
    page=2,
    camera="Built-in camera",
    microphone="Built-in microphone",
)

WORDS: Final = {"ko": KO, "en": EN}
