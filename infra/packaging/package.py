"""Make the template that CloudFormation deploys, and the zip of the functions that do not use eemeter."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml
from chalice.package import TemplateDeepMerger, YAMLTemplateSerializer

from infra import sources
from infra.sources import REPOSITORY

MERGED = ("infra/template/resources.yaml", "infra/template/tables.yaml", "infra/template/operators.yaml")
STATE_MACHINES = {  # by logical id in resources.yaml
    "AggregationStateMachine": "infra/template/aggregation.asl.yaml",
    "BatchStateMachine": "infra/template/batches.asl.yaml",
    "ExportStateMachine": "infra/template/exports.asl.yaml",
    "ImportStateMachine": "infra/template/imports.asl.yaml",
}
REQUIREMENTS = "requirements.txt"
STAGE = "live"  # API Gateway's stage, part of every URL; a stage of infra/deployment/stages.yaml is a stack


class PackagingError(Exception):
    """Chalice could not make the package; the message says why."""


class _Dumper(yaml.SafeDumper):
    """Dump YAML without anchors, which CloudFormation does not support."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def without_nulls(template: Any) -> Any:
    """Return the template without keys that resources.yaml sets to null: Chalice's merge cannot remove keys.

    >>> without_nulls({"Outputs": {"ApiUrl": {"Value": 1}, "EndpointURL": None}})
    {'Outputs': {'ApiUrl': {'Value': 1}}}
    """
    if isinstance(template, dict):
        return {key: without_nulls(value) for key, value in template.items() if value is not None}
    if isinstance(template, list):
        return [without_nulls(item) for item in template]
    return template


def package(directory: Path, *, requirements: bool = True) -> None:
    """Write `sam.yaml` and `deployment.zip` to a directory.

    Without requirements the zip holds only our own code, for a local stack with all packages installed.
    Raises PackagingError.
    """
    with tempfile.TemporaryDirectory() as project:
        sources.copy(Path(project))
        Path(project, REQUIREMENTS).write_bytes((REPOSITORY / REQUIREMENTS).read_bytes() if requirements else b"")
        around = Path(project, "around.yaml")
        around.write_text(dump(_merged()))
        command = [sys.executable, "-c", "from chalice.cli import main; main()", "--project-dir", project, "package"]
        command += ["--stage", STAGE, "--template-format", "yaml", "--merge-template", str(around)]
        environment = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
        environment["AWS_DEFAULT_REGION"] = "us-east-1"  # Chalice needs one, but does not write it to the output
        made = subprocess.run([*command, str(directory)], env=environment, capture_output=True, text=True)
    if made.returncode:
        hint = " (it downloads the packages of requirements.txt: is the network available?)" if requirements else ""
        raise PackagingError(f"chalice package failed{hint}:\n{made.stderr.strip() or made.stdout.strip()}")
    template = without_nulls(read(directory))
    for name, definition in STATE_MACHINES.items():
        states = yaml.safe_load((REPOSITORY / definition).read_text())
        template["Resources"][name]["Properties"]["Definition"] = states
    write(directory, template)


def _merged() -> dict[str, Any]:
    """Return the files of MERGED, merged into one template; none overrides a value of another."""
    serializer, merger, merged = YAMLTemplateSerializer(), TemplateDeepMerger(), dict[str, Any]()
    for name in MERGED:
        merged = merger.merge(serializer.load_template((REPOSITORY / name).read_text(), name), merged)
    return merged


def read(directory: Path) -> Any:
    """Read the template in a directory."""
    return yaml.safe_load((directory / "sam.yaml").read_text())


def write(directory: Path, template: Any) -> None:
    """Write a template to a directory."""
    (directory / "sam.yaml").write_text(dump(template))


def dump(template: Any) -> str:
    """The text of a template."""
    text: str = yaml.dump(template, Dumper=_Dumper, sort_keys=False)
    return text
