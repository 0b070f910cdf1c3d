from infra.packaging.package import without_nulls


def test_a_null_removes_its_key_at_any_depth() -> None:
    merged = {"Outputs": {"EndpointURL": None, "ApiUrl": {"Value": "x"}}, "Lists": [{"a": None, "b": 1}, None], "n": 0}
    assert without_nulls(merged) == {"Outputs": {"ApiUrl": {"Value": "x"}}, "Lists": [{"b": 1}, None], "n": 0}


def test_empty_values_that_are_not_null_stay() -> None:
    assert without_nulls({"a": {}, "b": [], "c": "", "d": False}) == {"a": {}, "b": [], "c": "", "d": False}
