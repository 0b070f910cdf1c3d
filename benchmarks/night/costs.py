"""What the retries of a night cost, in dollars."""

from benchmarks.cost.prices import PRICES
from benchmarks.night.outcome import CONFLICTS, Night


def of_retries(night: Night) -> float:
    """Dollars for repeated calls, for workers that wait, and for runs that were begun again.

    An upper bound: cancelled transactions count in full, and so do refused calls to S3. DynamoDB does not bill requests
    that it throttles, since they consume no units.
    """
    profile = night.profile
    gigabytes = profile.memory / 1024
    again = night.redelivered * profile.seconds  # at most: a returned run may have been refused at its first call
    return (
        (night.waited + again) * gigabytes * PRICES["Lambda, GB-seconds"]
        + night.conflicts * (profile.end_units * PRICES["DynamoDB, write units"])
        + night.repeated_s3 * PRICES["S3, writes and lists"]
        + night.redelivered * (PRICES["Lambda, requests"] + 3 * PRICES["SQS, requests"])  # delay, receive, delete
    )


def by_resource(night: Night) -> dict[str, int]:
    """Refused calls by resource, most first; those of the workers and of the expansion."""
    found = {spot.name: spot.throttled + spot.throttled_bulk for spot in night.spots}
    return {name: found[name] for name in sorted(found, key=lambda name: -found[name]) if found[name]}


def worst(night: Night) -> str:
    """The limit that refused most calls of the workers."""
    return max((spot for spot in night.spots if spot.name != CONFLICTS), key=lambda spot: spot.throttled).name


def conflict_share(night: Night) -> float:
    """The share of transactions that another one on the same shard cancelled."""
    return next(spot.utilisation for spot in night.spots if spot.name == CONFLICTS)
