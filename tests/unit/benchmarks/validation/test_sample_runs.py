from benchmarks.meters import uk_samples
from benchmarks.validation import sample_runs
from benchmarks.validation.sample_runs import SampleRun, sample_run
from benchmarks.validation.tables import refusals, sample_table
from chalicelib.metering.models.registry import MODEL_CLASSES


def test_every_sample_is_combined_with_every_model_that_applies() -> None:
    combinations = list(sample_runs.combinations())
    assert len({sample for sample, _ in combinations}) == 20
    for uk in uk_samples.names():
        assert [model for sample, model in combinations if sample == uk] == [model.name for model in MODEL_CLASSES]
    assert ("il-gas-hdd-only-billing_monthly", "DailyModel") not in combinations


def test_an_illinois_sample_has_its_true_savings() -> None:
    run = sample_run("il-gas-intercept-only-billing_monthly", "CaltrackBillingModel")
    assert (run.true, run.interpretation) == (10, "annualized_weather_normal")
    assert run.covers
    assert 0 < run.half_width < 10


def test_a_refused_sample_has_a_reason() -> None:
    run = sample_run("uk-electricity-hdd-only-hourly-sample-1", "DailyModel")
    assert run.covers is None
    assert run.why.startswith("baseline period: 90 of 91 days have both")
    assert "Correct" not in run.why
    assert run.true is None
    assert refusals([run]) == "`incorrect_number_of_total_days` (1)"


def test_gas_in_kwh_is_converted_to_therms() -> None:
    document = uk_samples.meter_input("uk-gas-hdd-only-hourly-sample-0")
    assert document["trace"]["unit"] == "THERM"
    assert document["weather"]["unit"] == "C"
    assert len(document["weather_normal"]["records"]) == 8760
    assert sum(record["value"] for record in document["trace"]["records"]) * 29.3071 > 10_000


def test_samples_are_rows_and_models_are_columns() -> None:
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
        "| b |  | disqualified |",
    ]
