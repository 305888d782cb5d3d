"""What the bureau's operators are told to type: every command is one, the units and the container files are well formed."""

import re
import shlex
import shutil
import subprocess
import textwrap
from pathlib import Path

import pytest
import typer
import yaml
from packaging.requirements import Requirement

from zjtx_pipeline.cli import program
from zjtx_pipeline.backup.contents import MADE_AGAIN
from zjtx_pipeline.settings import load_settings

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "docs" / "deploy"
TEXTS = ["README.md", "README.zh-CN.md", "docs/operations.md"]
PROGRAM = typer.main.get_command(program.app)
BY_SCRIPT = {"test"}
_BLOCK = re.compile(r"^ *```sh\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
_CALL = re.compile(r"(?:^|&& |compose run --rm |\./|bin/)zjtx (?!\"\$@\")(.*?)(?: && |  +#|$)")
_YAML = re.compile(r"^ *```yaml\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`(?:\./)?zjtx ([a-z][a-z-]*)\b")


def calls():
    for name in TEXTS:
        for block in _BLOCK.findall((ROOT / name).read_text(encoding="utf-8")):
            for line in block.splitlines():
                told = re.sub(r"^(?:[A-Z_]+=\S+ )+", "", line.strip())
                for words in _CALL.findall(told):
                    yield name, words.partition(" #")[0].strip()


CALLS = sorted(set(calls()))


def test_the_commands_of_the_documents_are_found():
    assert len(CALLS) > 30 and {"tidy", "move-ledger"} <= {words for _, words in CALLS}
    assert ("docs/operations.md", "backup /backup --keep 30") in CALLS


@pytest.mark.parametrize(("name", "words"), CALLS, ids=[" ".join(each) for each in CALLS])
def test_every_command_of_the_documents_can_be_typed(name, words):
    verb, *rest = shlex.split(words)
    if verb in BY_SCRIPT or verb.startswith("-"):
        return
    command = PROGRAM.commands[verb]
    if hasattr(command, "commands"):
        verb, *rest = rest
        command = command.commands[verb]
    command.make_context(verb, rest)


@pytest.mark.parametrize("name", TEXTS)
def test_every_verb_named_in_a_sentence_is_one(name):
    named = set(_INLINE.findall((ROOT / name).read_text(encoding="utf-8")))
    assert named and named <= set(PROGRAM.commands)


def test_every_verb_is_explained_to_operators_or_clerks():
    texts = "".join((ROOT / name).read_text(encoding="utf-8") for name in TEXTS)
    assert [verb for verb in PROGRAM.commands if f"zjtx {verb}" not in texts] == []


UNITS = sorted(path.name for path in DEPLOY.glob("*@.*"))


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd-analyze (Debian: systemd)")
def test_systemd_finds_nothing_wrong_with_the_units(tmp_path):
    for name in UNITS:
        text = (DEPLOY / name).read_text(encoding="utf-8").replace("/opt/zjtx/.venv/bin/zjtx", "/bin/true")
        for each in (name, name.replace("@", "@xiaoshan")):
            (tmp_path / each).write_text(text, encoding="utf-8")
    named = [str(tmp_path / name.replace("@", "@xiaoshan")) for name in UNITS]
    found = subprocess.run(["systemd-analyze", "verify", *named], capture_output=True, text=True)
    assert (found.returncode, found.stdout + found.stderr) == (0, "")


@pytest.mark.parametrize("name", [name for name in UNITS if name.endswith(".service")])
def test_a_service_may_do_little_and_calls_the_program_as_it_can_be_called(name):
    lines = (DEPLOY / name).read_text(encoding="utf-8").splitlines()
    for needed in (
        "NoNewPrivileges=yes", "ProtectSystem=strict", "PrivateTmp=yes", "User=zjtx", "UMask=0077", "EnvironmentFile=/etc/zjtx/%i.env",
    ):  # fmt: skip
        assert needed in lines
    assert any(line.startswith("MemoryMax=") for line in lines) and not any("PASSWORD" in line for line in lines)
    (started,) = [line for line in lines if line.startswith("ExecStart=")]
    verb, *rest = shlex.split(started)[1:]
    PROGRAM.commands[verb].make_context(verb, rest)


def test_the_compose_file_keeps_to_loopback_and_its_secrets_to_env_files():
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    program, database = compose["services"]["zjtx"], compose["services"]["database"]
    assert all(port.startswith("127.0.0.1:") for port in program["ports"]) and "ports" not in database
    assert program["env_file"] == "zjtx.env" and database["env_file"] == "database.env"
    assert "PASSWORD" not in str({**program.get("environment", {}), **database["environment"]})
    assert {program["restart"], database["restart"]} == {"unless-stopped"}  # which outlives the host's own restart
    assert program["read_only"] and program["cap_drop"] == ["ALL"] and program["depends_on"]["database"]["condition"] == "service_healthy"
    assert (DEPLOY / program["build"]["context"] / program["build"]["dockerfile"]).resolve() == DEPLOY / "Dockerfile"
    named = {volume.partition(":")[0] for each in (program, database) for volume in each["volumes"] if not volume.startswith(".")}
    assert named == set(compose["volumes"])
    assert set(program) | set(database) <= {
        "build", "image", "init", "restart", "depends_on", "env_file", "environment", "ports", "volumes", "read_only", "tmpfs", "cap_drop",
        "security_opt", "mem_limit", "pids_limit", "stop_grace_period", "healthcheck",
    }  # fmt: skip


def test_the_image_has_the_libraries_that_the_script_asks_for_and_copies_what_there_is():
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    script = (ROOT / "zjtx").read_text(encoding="utf-8")
    packages = set(re.findall(r'"lib[^"]*\.so\.0*\d*": "([^"]+)"', script))
    assert packages and all(package in text for package in packages)
    manual = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    assert all(package in manual for package in packages)
    for line in re.findall(r"^COPY (.+) \S+$", text, re.MULTILINE):
        assert all((ROOT / each).exists() for each in line.split())
    assert "--require-hashes" in text and re.search(r"^USER zjtx$", text, re.MULTILINE) and "HEALTHCHECK" in text
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    copied = {each for line in re.findall(r"^COPY (.+) \S+$", text, re.MULTILINE) for each in line.split()}
    assert ignored[0] == "*" and {line[1:] for line in ignored if line.startswith("!")} == copied


def test_an_installation_without_the_internet_finds_what_builds_the_project_in_the_lock():
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    names = {Requirement(line.rstrip(" \\")).name for line in lock.splitlines() if re.match(r"[A-Za-z].*==", line)}
    assert {"hatchling", "editables"} <= names


def test_the_manual_names_what_a_backup_leaves_out():
    assert "dagster" in MADE_AGAIN and "界面的运行记录" in (ROOT / "docs/operations.md").read_text(encoding="utf-8")


def yaml_of(name):
    return [yaml.safe_load(textwrap.dedent(block)) for block in _YAML.findall((ROOT / name).read_text(encoding="utf-8"))]


def test_what_the_clerk_pastes_to_approve_in_the_browser_is_what_the_job_asks_for():
    from dagster import validate_run_config

    from assets.jobs import Approval, approve_issue

    (pasted,) = yaml_of("README.zh-CN.md")
    assert validate_run_config(approve_issue, pasted) and set(pasted["ops"]["sign_off"]["config"]) == set(Approval.model_fields)


@pytest.mark.parametrize("name", ["README.md", "docs/operations.md"])
def test_what_the_documents_would_have_in_a_configuration_may_stand_there(name, tmp_path):
    for number, values in enumerate(yaml_of(name)):
        path = tmp_path / f"{number}.yaml"
        path.write_text(yaml.safe_dump({"inbox": "x"} | values, allow_unicode=True), encoding="utf-8")
        assert load_settings(path)
    assert number


def test_reports_are_called_the_same_only_where_one_was_made_and_compared():
    manual = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    said = [line for block in _BLOCK.findall(manual) for line in block.splitlines() if "echo" in line]
    assert len(said) == 3 and all(re.search(r"zjtx report \S+ && diff .+ && echo", line) for line in said)


def test_another_districts_instance_has_a_configuration_and_its_own_secrets():
    (told,) = re.findall(r"^## 再加一个区县\n(.*?)^## ", (ROOT / "docs/operations.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert ". /etc/zjtx/binjiang.env" in told and "ZJTX_CONFIG=/srv/zjtx/binjiang/district/district.yaml" in told and "xiaoshan" not in told
