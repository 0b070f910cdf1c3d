from benchmarks import sample_runs, uk_samples
from benchmarks.sample_runs import SampleRun, sample_run
from benchmarks.validation_tables import refusals, sample_table
from chalicelib.metering.registry import MODEL_CLASSES


def test_every_sample_with_every_model_that_applies() -> None:
    combinations = list(sample_runs.combinations())
    assert len({sample for sample, _ in combinations}) == 20
    for uk in uk_samples.names():
        assert [model for sample, model in combinations if sample == uk] == [model.name for model in MODEL_CLASSES]
    assert ("il-gas-hdd-only-billing_monthly", "DailyModel") not in combinations


def test_a_sample_of_illinois_and_its_truth() -> None:
    run = sample_run("il-gas-intercept-only-billing_monthly", "CaltrackBillingModel")
    assert (run.true, run.interpretation) == (10, "annualized_weather_normal")
    assert run.covers
    assert 0 < run.half_width < 10


def test_a_sample_that_is_refused_has_its_reason() -> None:
    run = sample_run("uk-electricity-hdd-only-hourly-sample-1", "DailyModel")
    assert run.covers is None
    assert run.why.startswith("baseline period: 90 of 91 days have both")
    assert "Correct" not in run.why
    assert run.true is None
    assert refusals([run]) == "`incorrect_number_of_total_days` (1)"


def test_gas_in_kwh_becomes_therms() -> None:
    document = uk_samples.meter_input("uk-gas-hdd-only-hourly-sample-0")
    assert document["trace"]["unit"] == "THERM"
    assert document["weather"]["unit"] == "C"
    assert len(document["weather_normal"]["records"]) == 8760
    assert sum(record["value"] for record in document["trace"]["records"]) * 29.3071 > 10_000


def test_a_sample_is_a_row_and_a_model_is_a_column() -> None:
    runs = [
        SampleRun("a", "DailyModel", 10, "annualized_weather_normal", 15, 1),
        SampleRun("a", "BillingModel", 10, "gross_observed", 9, 2),
        SampleRun("b", "BillingModel", None, why="no bills"),
    ]
    assert [run.covers for run in runs] == [False, True, None]
    assert sample_table(runs).splitlines() == [
        "| Sample | DailyModel | BillingModel |",
        "| --- | --- | --- |",
        "| a | **15.0 ± 1.0** | 9.0 ± 2.0 * |",
        "| b |  | refused |",
    ]
