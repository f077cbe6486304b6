from __future__ import annotations

import csv
import io

import pytest

from webinar.base.table import csv_file, harmless


@pytest.mark.parametrize("text", ["=1+1", "+82 10", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_no_text_can_be_a_formula(text: str) -> None:
    assert harmless(text) == f"'{text}"


def test_numbers_and_other_texts_stay_as_they_are() -> None:
    assert [harmless(cell) for cell in (-1, 1.5, None, "a=b", "")] == [-1, 1.5, None, "a=b", ""]


def test_a_table_opens_in_a_spreadsheet_with_every_cell_in_its_place() -> None:
    data = csv_file(["이름", "=x"], [["김, 하나", 'said "so"'], ["two\nlines", 3]])
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    assert rows == [["이름", "'=x"], ["김, 하나", 'said "so"'], ["two\nlines", "3"]]
