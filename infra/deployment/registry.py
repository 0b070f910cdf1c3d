"""Build the container image of the hourly models' worker with Docker and push it to ECR, once for each content."""

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
PLATFORMS = {"x86_64": "linux/amd64", "arm64": "linux/arm64"}  # Docker's name for each of Lambda's architectures
MAX_SUPERSEDED = 5  # images kept per stage, besides the deployed one: old images are rarely needed again


class ImageError(Exception):
    """The image could not be built or pushed; the message says why and what to do."""


def check() -> None:
    """Check that Docker is installed and responds. Raises ImageError."""
    if not shutil.which("docker"):
        raise ImageError(
            "A stage with hourly_models needs Docker, which is not installed on this computer: install it."
        )
    _docker(["version"], "Docker is installed but does not respond: start it, and check that you may use it")


def push(account: Account, repository: str, stage: str, architecture: str) -> str:
    """Build and push the image unless the repository has it. Return its URI. Raises ImageError."""
    tag = f"{stage}-{fingerprint(CONTENT, architecture)}"
    uri = f"{repository}:{tag}"
    ecr = account.client("ecr")
    if all(tag not in image.get("imageTags", []) for image in _images(ecr, repository)):
        print("Building the image of the hourly models' worker ...", flush=True)
        _build(uri, PLATFORMS[architecture])
        _push(ecr, uri)
    return uri


def delete_superseded(account: Account, uri: str, stage: str) -> None:
    """Delete all but the newest images of a stage, and never the deployed one."""
    repository, _, deployed = uri.rpartition(":")
    ecr = account.client("ecr")
    if old := superseded(_images(ecr, repository), stage, deployed):
        ecr.batch_delete_image(repositoryName=_name(repository), imageIds=[{"imageTag": tag} for tag in old[:100]])


def superseded(images: list[dict[str, Any]], stage: str, deployed: str) -> list[str]:
    """Return the tags of a stage's images that are neither deployed nor among the newest."""
    newest = sorted(images, key=lambda image: image["imagePushedAt"], reverse=True)
    tags = [tag for image in newest for tag in image.get("imageTags", []) if tag.rpartition("-")[0] == stage]
    return [tag for tag in tags if tag != deployed][MAX_SUPERSEDED:]


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
    # Lambda rejects images with the attestations that Docker adds by default.
    environment = os.environ | {"BUILDX_NO_DEFAULT_ATTESTATIONS": "1"}
    command = ["docker", *arguments]
    done = subprocess.run(command, env=environment, input=secret, capture_output=True, text=True)
    if done.returncode:
        raise ImageError(f"{failure}:\n{(done.stderr or done.stdout).strip()}")
