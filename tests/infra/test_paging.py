from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.infra.paging import Cursors
from app.infra.problems import ValidationFailed

CURSORS = Cursors(b"a secret of the desk")
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


@given(st.lists(st.one_of(st.text(max_size=20), st.integers(), st.none()), min_size=1, max_size=3))
def test_a_cursor_gives_back_the_key_that_it_was_made_of(key: list[str | int | None]) -> None:
    assert CURSORS.open("tickets", CURSORS.seal("tickets", key)) == key


@given(st.data())
def test_a_cursor_with_any_character_replaced_is_refused(data: st.DataObject) -> None:
    cursor = CURSORS.seal("tickets", [str(uuid4())])
    place = data.draw(st.integers(0, len(cursor) - 1))
    other = data.draw(st.sampled_from(_LETTERS).filter(lambda letter: letter != cursor[place]))

    with pytest.raises(ValidationFailed):
        CURSORS.open("tickets", cursor[:place] + other + cursor[place + 1 :])


@pytest.mark.parametrize("cursor", ["", "=", "nonsense", "ä", "A" * 2000])
def test_what_never_was_a_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(ValidationFailed):
        CURSORS.open("tickets", cursor)


def test_a_cursor_of_another_list_is_refused() -> None:
    with pytest.raises(ValidationFailed):
        CURSORS.open("events", CURSORS.seal("tickets", [1]))
