"""What a script finds in an instance, seen from inside real instances."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import worlds
from worlds import IN, OUT, one_step, printed, run

from shardr.local import contract

if TYPE_CHECKING:
    import pytest


def test_each_instance_sees_its_own_config_with_hosts_in_lexicographic_order(tmp_path: Path) -> None:
    body = f"cp /opt/ml/config/resourceconfig.json {OUT}/$(hostname).json"
    done = run(tmp_path, one_step(tmp_path, body, instance_count=11))
    seen = [json.loads(Path(file).read_text()) for file in done.step("work").outputs["out"].files]
    names = ["algo-1", "algo-10", "algo-11", *(f"algo-{i}" for i in range(2, 10))]
    assert [about["current_host"] for about in seen] == names
    assert all(about["hosts"] == names for about in seen)


def test_the_request_is_echoed_with_the_services_defaults(tmp_path: Path) -> None:
    spec = one_step(tmp_path, f"cp /opt/ml/config/processingjobconfig.json {OUT}/c.json", arguments=["--n", 3])
    done = run(tmp_path, spec)
    seen = json.loads(Path(done.step("work").outputs["out"].files[0]).read_text())
    assert seen["ProcessingJobName"] == done.step("work").job
    assert seen["ProcessingJobArn"].endswith(f"processing-job/{done.step('work').job}")
    assert seen["AppSpecification"]["ContainerArguments"] == ["--n", "3"]
    assert seen["AppSpecification"]["ContainerEntrypoint"] == ["bash", "/opt/ml/processing/input/code/script.sh"]
    assert seen["StoppingCondition"] == {"MaxRuntimeInSeconds": 86400}
    assert seen["ProcessingInputs"][0]["S3Input"]["S3DownloadMode"] == "StartOfJob"
    assert seen["ProcessingOutputConfig"]["KmsKeyId"] is None


def test_arguments_reach_the_script_one_by_one(tmp_path: Path) -> None:
    spec = one_step(tmp_path, 'printf "<%s>\\n" "$@"', arguments=["a b", "ü", "$HOME", "*"])
    assert printed(run(tmp_path, spec)) == ["<a b>", "<ü>", "<$HOME>", "<*>"]


def test_the_environment_is_the_jobs_and_holds_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hush")
    monkeypatch.setenv("GITHUB_TOKEN", "hush")
    done = run(tmp_path, one_step(tmp_path, "env", environment={"ANSWER": 42}))
    seen = dict(line.partition("=")[::2] for line in printed(done))
    assert seen["ANSWER"] == "42"
    assert "hush" not in " ".join(seen.values())
    assert {name for name in seen if name.startswith("AWS_")} == {"AWS_REGION"}


def test_no_home_folder_and_no_other_job_can_be_seen(tmp_path: Path, home: Path) -> None:
    (tmp_path / "secret.txt").write_text("hush")
    body = f"ls -A /root; test ! -e '{tmp_path}/secret.txt'; test ! -e '{home}'; test ! -e /home"
    body += "; find /tmp -type f -writable"
    done = run(tmp_path, one_step(tmp_path, body))
    assert done.status == "Completed"
    assert printed(done) == []


def test_peers_reach_each_other_by_name_on_the_same_port(tmp_path: Path) -> None:
    body = """
        import http.server, os, socket, threading, time, urllib.request
        me = socket.gethostname()
        class Hello(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200); self.end_headers(); self.wfile.write(me.encode())
            def log_message(self, *args): pass
        server = http.server.HTTPServer((me, 8080), Hello)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        other = "algo-2" if me == "algo-1" else "algo-1"
        for _ in range(100):
            try:
                print(urllib.request.urlopen(f"http://{other}:8080").read().decode()); break
            except OSError: time.sleep(0.1)
        time.sleep(1)
    """
    done = run(tmp_path, one_step(tmp_path, body, "peer.py", instance_count=2))
    assert [printed(done, "algo-1"), printed(done, "algo-2")] == [["algo-2"], ["algo-1"]]


def test_inputs_are_linked_not_copied_and_read_only(tmp_path: Path) -> None:
    data = worlds.files(tmp_path / "data", 1)
    body = f"set +e; stat -c %i {IN}/part-00.csv; echo x >> {IN}/part-00.csv || echo refused"
    body += f"; touch {IN}/new || echo refused"
    spec = one_step(tmp_path, body, inputs=[{"name": "raw", "source": "data/"}])
    lines = printed(run(tmp_path, spec))
    assert lines[0] == str((data / "part-00.csv").stat().st_ino)
    assert lines.count("refused") == 2
    assert (data / "part-00.csv").read_text() == "file,row\n0,0\n"


def test_the_code_may_lie_inside_an_input_that_has_the_default_place(tmp_path: Path) -> None:
    worlds.files(tmp_path / "data", 1)
    spec = one_step(
        tmp_path,
        "ls /opt/ml/processing/input",
        inputs=[{"name": "raw", "source": "data/", "path": "/opt/ml/processing/input"}],
    )
    assert printed(run(tmp_path, spec)) == ["code", "part-00.csv"]


def test_network_isolation_leaves_only_loopback(tmp_path: Path) -> None:
    spec = one_step(tmp_path, "cat /proc/net/dev | tail -n +3 | cut -d: -f1 | tr -d ' '", network_isolation=True)
    assert printed(run(tmp_path, spec)) == ["lo"]


def test_a_message_is_joined_over_the_instances_and_kept(tmp_path: Path) -> None:
    done = run(tmp_path, one_step(tmp_path, "hostname > /opt/ml/output/message", instance_count=2))
    assert worlds.shardr.describe(done.step("work").job)["ExitMessage"] == "algo-1\nalgo-2\n"


def test_a_message_that_is_no_utf8_fails_the_job_and_shows_no_output(tmp_path: Path) -> None:
    body = f"printf '\\377' > /opt/ml/output/message; echo a > {OUT}/a.txt"
    done = run(tmp_path, one_step(tmp_path, body))
    assert (done.status, done.step("work").outputs) == ("Failed", {})
    assert "not valid UTF-8" in str(done.step("work").failure)


def test_a_long_message_is_cut_at_1024_bytes_where_a_character_ends() -> None:
    message = contract.exit_message([("é" * 511 + "x").encode(), "ü".encode(), b"rest"])
    assert message == "é" * 511 + "x"
    assert len(contract.exit_message([b"a" * 2000])) == 1024


def test_links_in_outputs_are_not_followed(tmp_path: Path) -> None:
    body = f"ln -s /etc/passwd {OUT}/stolen; mkdir {OUT}/deep; echo a > {OUT}/deep/a.txt"
    done = run(tmp_path, one_step(tmp_path, body))
    assert [file.split("/out/")[1] for file in done.step("work").outputs["out"].files] == ["deep/a.txt"]
