"""The files of docs/deploy are valid for Kubernetes, systemd and volley itself."""

import shutil
import subprocess

import kubernetes_validate
import pytest
import yaml

from conftest import ROOT, VOLLEY

DEPLOY = ROOT / "docs/deploy"
SYSTEMD = shutil.which("systemd-analyze")


@pytest.fixture(scope="module")
def resources():
    return {resource["kind"]: resource for resource in yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text())}


@pytest.fixture(scope="module")
def options():
    run = subprocess.run([VOLLEY, "help", "serve"], capture_output=True, text=True, check=True)
    return {word.strip(",[]()") for word in run.stdout.split() if word.lstrip("[(").startswith("--")}


def check_options(arguments, known):
    assert arguments[0] == "serve"
    named = [word for word in arguments if word.startswith("--")]
    assert named and set(named) <= known


def test_every_resource_is_of_its_schema_and_nothing_else(resources):
    assert set(resources) == {"Deployment", "Service"}
    for resource in resources.values():
        kubernetes_validate.validate(resource, kubernetes_validate.latest_version(), strict=True)


def test_what_is_misspelt_is_found(resources):
    wrong = resources["Service"] | {"spec": resources["Service"]["spec"] | {"sessionAfinity": "ClientIP"}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, kubernetes_validate.latest_version(), strict=True)


def test_the_service_finds_the_pods_and_the_pods_start_volley(resources, options):
    spec = resources["Deployment"]["spec"]
    labels, (container,) = spec["template"]["metadata"]["labels"], spec["template"]["spec"]["containers"]
    assert spec["selector"]["matchLabels"].items() <= labels.items()
    assert resources["Service"]["spec"]["selector"].items() <= labels.items()
    check_options(container["args"], options)
    (port,) = container["ports"]
    assert container["args"][container["args"].index("--port") + 1] == str(port["containerPort"])
    assert all(port["targetPort"] == "http" for port in resources["Service"]["spec"]["ports"])


@pytest.mark.skipif(SYSTEMD is None, reason="no systemd-analyze: install the package systemd")
def test_systemd_has_nothing_to_say_of_the_unit(tmp_path):
    text = (DEPLOY / "volley.service").read_text()
    # The command need not be installed here.
    unit = tmp_path / "volley.service"
    unit.write_text(text.replace("/usr/local/bin/volley", "/bin/true"))
    run = subprocess.run([SYSTEMD, "verify", unit], capture_output=True, text=True)
    assert (run.returncode, run.stdout + run.stderr) == (0, "")
    unit.write_text(text.replace("/usr/local/bin/volley", "/bin/true").replace("PrivateTmp", "PrivateTemp"))
    run = subprocess.run([SYSTEMD, "verify", unit], capture_output=True, text=True)
    assert "PrivateTemp" in run.stderr


def test_the_unit_starts_volley(options):
    (line,) = [line for line in (DEPLOY / "volley.service").read_text().splitlines() if line.startswith("ExecStart=")]
    program, *arguments = line.removeprefix("ExecStart=").split()
    assert program.endswith("/volley")
    check_options(arguments, options)
