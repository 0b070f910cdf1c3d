"""The template as a deployment hands it to CloudFormation, made without the zips."""

from infra import deployment, retention
from infra.local.build import build
from infra.local.stack import CACHE
from infra.package import read
from infra.transform import Template, uploaded, with_values

PSEUDO = {"AWS::StackName": "eemeter-datastore-prod", "AWS::AccountId": "111122223333", "AWS::Region": "eu-central-1"}
ALL_OPTIONS = {
    "HourlyImage": "111122223333.dkr.ecr.eu-central-1.amazonaws.com/eemeter-datastore-hourly:1",
    "KmsKeyArn": "arn:aws:kms:eu-central-1:111122223333:key/00000000-0000-0000-0000-000000000000",
    "DomainName": "datastore.example.org",
    "CertificateArn": "arn:aws:acm:eu-central-1:111122223333:certificate/00000000-0000-0000-0000-000000000000",
    "HostedZoneId": "Z0123456789ABCDEFGHIJ",
    "AlarmEmail": "operators@example.org",
}


def bare() -> Template:
    """On x86-64, with no parameter given, and data that go with the stack."""
    return uploaded(_made("x86_64"))


def full() -> Template:
    """On Graviton, with every option taken, and data that stay."""
    return uploaded(with_values(retention.retain(_made("arm64"), PSEUDO), ALL_OPTIONS))


def _made(machine: str) -> Template:
    template: Template = read(build(CACHE))
    deployment.set_machine(template, machine)
    return template
