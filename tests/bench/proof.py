"""What leaves the house of an event of many people: certificates, tables and the signed bundle; s of CPU and MB."""

from __future__ import annotations

import argparse
import io
import json
import resource
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from webinar.base import i18n
from webinar.base.chain import GENESIS, link
from webinar.base.tokens import Tokens
from webinar.credits import bundle, check, paper
from webinar.credits.certificate import Certificate, Facts, Terms, number, statement
from webinar.credits.keys import SigningKey
from webinar.credits.model import Need, Person, Presence, Result, RuleResult
from webinar.credits.order import Look, Order
from webinar.credits.sheet import Sheet
from webinar.credits.workbook import Book

AT = datetime(2026, 12, 1, 5, tzinfo=UTC)
RULE = RuleResult(Need(id=uuid.UUID(int=1), share=80), Result.PASSED, 7200, 0.95)
FAMILY, GIVEN = "김이박최정강조윤장임", ("하나", "두리", "세찬", "민준", "서연", "지우", "도윤", "예은")


def people(count: int) -> list[Person]:
    return [
        Person(
            attendee_id=uuid.uuid4(),
            name=FAMILY[n % 10] + GIVEN[n % 8],
            email=f"{n}@example.org",
            status="approved",
            answers={"소속": "대한의학회"},
            language="ko",
            registered_at=AT,
            first_at=AT,
            last_at=AT + timedelta(hours=2),
            live_s=7200,
            spans=tuple(
                Presence("live", AT + timedelta(minutes=i), AT + timedelta(minutes=i + 20)) for i in (0, 30, 60)
            ),
            results=(RULE,),
        )
        for n in range(count)
    ]


def order(person: Person, serial: int) -> Order:
    facts = Facts(
        name=person.name,
        event_id=uuid.UUID(int=2),
        title="2026 추계 학술대회",
        starts_at=AT,
        ends_at=AT + timedelta(hours=2),
        timezone="Asia/Seoul",
        language="ko",
        live_s=person.live_s,
        replay_s=0,
        rules=person.results,
    )
    terms, id_ = Terms(issuer="대한의학회", credits="평점 3점"), uuid.uuid4()
    text = statement(id_, number("", serial, 1), facts, terms, salt=b"s" * 16, issued_at=AT, key_id="0" * 16)
    made = Certificate(
        id=id_,
        event_id=facts.event_id,
        attendee_id=person.attendee_id,
        serial=serial,
        edition=1,
        number=number("", serial, 1),
        name=person.name,
        salt=b"s" * 16,
        statement=text,
        signature=b"",
        key_id="0" * 16,
        issued_at=AT,
    )
    return Order(certificate=made, name=person.name, check_url="https://webinar.example.org/verify/" + made.short)


def measure(count: int) -> dict[str, float]:
    everybody, words = people(count), i18n.load("ko").gettext
    sheet = Sheet((RULE.need,), ("소속",), words)
    figures: dict[str, float] = {"people": count}

    def timed(name: str, work: Callable[[], int]) -> None:
        began = time.process_time()
        figures[f"{name}_mb"] = round(work() / 1e6, 2)
        figures[f"{name}_cpu_s"] = round(time.process_time() - began, 2)

    def certificates() -> int:
        orders = [order(person, n) for n, person in enumerate(everybody, 1)]
        return sum(len(page) for page in paper.draw_all(orders, Look(), words))

    def xlsx() -> int:
        book, out = Book(sheet), io.BytesIO()
        book.add(everybody)
        book.save(out)
        return len(out.getvalue())

    made = io.BytesIO()

    def signed() -> int:
        entries, prev = [], GENESIS
        for seq in range(1, 10 * count + 1):
            body = {"attendee": str(everybody[seq % count].attendee_id), "live_s": seq}
            hash_ = link(prev, seq=seq, at="2026-12-01T05:00:00.000Z", type_="person", body=body)
            entries.append({"seq": seq, "at": "2026-12-01T05:00:00.000Z", "type": "person", "body": body})
            entries[-1] |= {"prev": prev, "hash": hash_}
            prev = hash_
        about = bundle.About(event={"title": "2026"}, made_at=AT, keys_url="https://x.example", sealed=True)
        rows = [sheet.csv_head(), *(sheet.csv_row(person) for person in everybody)]
        bundle.write(made, about, entries, rows, {}, SigningKey(Tokens("a secret of at least thirty-two characters")))
        return len(made.getvalue())

    timed("certificates", certificates)
    timed("csv", lambda: sum(len(sheet.csv_row(person)) for person in everybody))
    timed("xlsx", xlsx)
    timed("bundle", signed)
    timed("verify", lambda: len(made.getvalue()) if check.check(made).verdict == "valid" else 0)
    figures["peak_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    return figures


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=300)
    print(json.dumps(measure(parser.parse_args().people)))
