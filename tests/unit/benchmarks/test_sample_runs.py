from benchmarks import sample_runs, uk_samples, validation
from benchmarks.sample_runs import SampleRun, sample_run
from chalicelib.metering.registry import MODEL_CLASSES


def test_every_sample_with_every_model_that_applies() -> None:
    combinations = list(sample_runs.combinations())
    assert len({sample for sample, _ in combinations}) == 20
    for uk in uk_samples.names():
        assert [model for sample, model in combinations if sample == uk] == [model.name for model in MODEL_CLASSES]
    assert ("il-gas-hdd-only-billing_monthly", "DailyModel") not in combinations


def test_a_sample_of_illinois_and_its_truth() -> None:
    run = sample_run("il-gas-intercept-only-billing_monthly", "BillingModel")
    assert (run.true, run.true_percent, run.unit, run.interpretation) == (100, 10, "THERM", "annualized_weather_normal")
    assert run.covers
    assert "| 100 THERM, 10 % | yes |" in validation.sample_table([run])


def test_a_sample_that_eemeter_refuses_is_a_row_with_its_reason() -> None:
    run = sample_run("uk-electricity-hdd-only-hourly-sample-1", "DailyModel")
    assert run.covers is None
    assert run.why.startswith("baseline period: it spans 91 days")
    assert "Mend" not in run.why
    assert run.true is None


def test_gas_in_kwh_becomes_therms() -> None:
    document = uk_samples.meter_input("uk-gas-hdd-only-hourly-sample-0")
    assert document["trace"]["unit"] == "THERM"
    assert document["weather"]["unit"] == "C"
    assert len(document["weather_normal"]["records"]) == 8760
    assert sum(record["value"] for record in document["trace"]["records"]) * 29.3071 > 10_000


def test_an_interval_that_misses_is_marked() -> None:
    run = SampleRun("a", "b", 100, 10, "KWH", 0.1, "annualized_weather_normal", 150, 10, 15, 1)
    assert not run.covers
    assert "**no**" in validation.sample_table([run])
