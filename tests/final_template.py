"""The template as a deployment passes it to CloudFormation, built without the zips."""

from infra.checks.transform import Template, uploaded, with_values
from infra.deployment import retention
from infra.local.build import build
from infra.local.stack import CACHE
from infra.packaging import artifacts
from infra.packaging.package import read

PSEUDO = {"AWS::StackName": "eemeter-datastore-prod", "AWS::AccountId": "111122223333", "AWS::Region": "eu-central-1"}
ALL_OPTIONS = {
    "HourlyImage": "111122223333.dkr.ecr.eu-central-1.amazonaws.com/eemeter-datastore-hourly:1",
    "KmsKeyArn": "arn:aws:kms:eu-central-1:111122223333:key/00000000-0000-0000-0000-000000000000",
    "DomainName": "datastore.example.org",
    "CertificateArn": "arn:aws:acm:eu-central-1:111122223333:certificate/00000000-0000-0000-0000-000000000000",
    "HostedZoneId": "Z0123456789ABCDEFGHIJ",
    "EventsTo": "arn:aws:sqs:eu-central-1:111122223333:savings-events",
    "AlarmEmail": "operators@example.org",
    "ArchiveInputsAfter": "30",
}


def bare() -> Template:
    """Return the template for x86-64, without parameters, whose data are deleted with the stack."""
    return uploaded(_built("x86_64"))


def full() -> Template:
    """Return the template for Graviton, with all options, whose data are retained."""
    return uploaded(with_values(retention.retain(_built("arm64"), PSEUDO), ALL_OPTIONS))


def _built(architecture: str) -> Template:
    template: Template = read(build(CACHE))
    artifacts.set_architecture(template, architecture)
    return template
