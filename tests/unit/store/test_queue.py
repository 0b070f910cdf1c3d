import pytest

from chalicelib.store.queue import run_id_of


def test_a_message_names_its_run() -> None:
    assert run_id_of({"body": '{"meter_run": 7}'}) == 7


@pytest.mark.parametrize("body", ["", "7", "null", "[]", "{}", '{"meter_run": "7"}', '{"meter_run": null}', "\x00"])
def test_a_message_of_another_form_is_refused(body: str) -> None:
    with pytest.raises(ValueError, match="not of the form"):
        run_id_of({"body": body})
