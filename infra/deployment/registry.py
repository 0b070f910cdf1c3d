"""The container image of the hourly models' worker: built by Docker and pushed to ECR, once for the same content."""

import base64
import os
import shutil
import subprocess
from typing import Any

from infra.deployment.cloudformation import Account
from infra.packaging.cache import BUILDERS, fingerprint
from infra.sources import REPOSITORY, SOURCES

DOCKERFILE = "infra/packaging/Dockerfile"
CONTENT = (*SOURCES, *BUILDERS, "requirements-meter.txt", ".dockerignore")
PLATFORMS = {"x86_64": "linux/amd64", "arm64": "linux/arm64"}  # Docker's names, by Lambda's
KEPT = 5  # of a stage, beside the one in use: what is built is seldom of use again


class ImageError(Exception):
    """The image could not be made; the message says why and what to do."""


def check() -> None:
    """Raises ImageError when Docker is not there or does not answer."""
    if not shutil.which("docker"):
        raise ImageError(
            "A stage with hourly_models needs Docker, and there is no docker on this computer: install it."
        )
    _docker(["version"], "Docker is installed and does not answer: start it, and see whether you may use it")


def push(account: Account, repository: str, stage: str, machine: str) -> str:
    """The URI of the image in the repository, built and pushed unless it is there. Raises ImageError."""
    tag = f"{stage}-{fingerprint(CONTENT, machine)}"
    uri = f"{repository}:{tag}"
    ecr = account.client("ecr")
    if all(tag not in image.get("imageTags", []) for image in _images(ecr, repository)):
        print("Building the image of the hourly models' worker ...", flush=True)
        _build(uri, PLATFORMS[machine])
        _push(ecr, uri)
    return uri


def forget_superseded(account: Account, uri: str, stage: str) -> None:
    """Delete all but the newest images of a stage; never the one that is deployed."""
    repository, _, deployed = uri.rpartition(":")
    ecr = account.client("ecr")
    if old := superseded(_images(ecr, repository), stage, deployed):
        ecr.batch_delete_image(repositoryName=_name(repository), imageIds=[{"imageTag": tag} for tag in old[:100]])


def superseded(images: list[dict[str, Any]], stage: str, deployed: str) -> list[str]:
    """The tags of a stage's images that are neither deployed nor among the newest."""
    newest = sorted(images, key=lambda image: image["imagePushedAt"], reverse=True)
    tags = [tag for image in newest for tag in image.get("imageTags", []) if tag.rpartition("-")[0] == stage]
    return [tag for tag in tags if tag != deployed][KEPT:]


def _images(ecr: Any, repository: str) -> list[dict[str, Any]]:
    pages = ecr.get_paginator("describe_images").paginate(repositoryName=_name(repository))
    return [image for page in pages for image in page["imageDetails"]]


def _name(repository: str) -> str:
    return repository.partition("/")[2]


def _build(uri: str, platform: str) -> None:
    command = ["build", "--platform", platform, "--file", str(REPOSITORY / DOCKERFILE), "--tag", uri, str(REPOSITORY)]
    _docker(command, "The image could not be built")


def _push(ecr: Any, uri: str) -> None:
    registry = uri.partition("/")[0]
    token = ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"]
    user, _, password = base64.b64decode(token).decode().partition(":")
    login = ["login", "--username", user, "--password-stdin", registry]
    _docker(login, f"Docker could not log in to {registry}", password)
    try:
        _docker(["push", uri], "The image could not be pushed")
    finally:
        _docker(["logout", registry], "Docker could not log out")


def _docker(arguments: list[str], failure: str, secret: str | None = None) -> None:
    # Lambda takes a plain image, and none with the attestations that Docker adds.
    environment = os.environ | {"BUILDX_NO_DEFAULT_ATTESTATIONS": "1"}
    command = ["docker", *arguments]
    done = subprocess.run(command, env=environment, input=secret, capture_output=True, text=True)
    if done.returncode:
        raise ImageError(f"{failure}:\n{(done.stderr or done.stdout).strip()}")
