"""Write a software bill of materials (CycloneDX, JSON) of a zip: its packages, from the lock file, with their hashes.

The same lock file gives the same document, byte for byte, so it has neither a time nor a random serial number.
"""

import json
import re
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

import chalicelib

PIN = re.compile(r"^([a-z0-9.-]+)==([^\s;]+).*\n((?:[ #].*\n)*)", re.MULTILINE)
HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
SUFFIX = ".cdx.json"


def write(zip: Path, pins: str) -> Path:
    """Write the document next to a zip and return its path. pins: the part of a lock file that the zip installs."""
    components = [_component(*pin) for pin in PIN.findall(pins)]
    name = f"eemeter-datastore-{zip.stem}"
    root = Component(type=ComponentType.APPLICATION, name=name, version=chalicelib.__version__, bom_ref=name)
    bom = Bom(components=components, serial_number=uuid5(NAMESPACE_URL, f"{name}@{root.version}\n{pins}"))
    bom.metadata.component = root
    bom.register_dependency(root, components)
    document = json.loads(JsonV1Dot6(bom).output_as_string())
    del document["metadata"]["timestamp"]
    target = zip.with_suffix(SUFFIX)
    target.write_text(json.dumps(document, indent=2, sort_keys=True) + "\n")
    return target


def _component(name: str, version: str, rest: str) -> Component:
    """Describe a package; its hashes are those of the distributions that the lock file accepts."""
    purl = PackageURL("pypi", name=name, version=version)
    hashes = [HashType(alg=HashAlgorithm.SHA_256, content=digest) for digest in HASH.findall(rest)]
    return Component(
        type=ComponentType.LIBRARY, name=name, version=version, purl=purl, bom_ref=str(purl), hashes=hashes
    )
