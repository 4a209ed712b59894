"""The command line: the demo, verify, doctor, and bad usage."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.io import loadmat, savemat

import octave_compress as oc
from octave_compress import demo, doctor
from octave_compress.cli import main
from octave_compress.octave.locate import octave_eval


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "octave_compress", *arguments],
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
        env={**os.environ, **environment},
    )


def test_the_digits_are_split_without_overlap() -> None:
    parts = demo.digits()
    assert [len(part.y) for part in parts] == [1077, 360, 360]
    images = np.concatenate([part.X for part in parts])
    content = loadmat(demo.DIGITS)
    together = np.sort(images @ np.arange(1, 65))
    np.testing.assert_allclose(together, np.sort(content["X"] / 16.0 @ np.arange(1, 65)))
    for part in parts:
        assert set(part.y) == set(range(10))
        assert part.X.min() == 0
        assert part.X.max() == 1


def test_the_digits_are_scikit_learns() -> None:
    from sklearn.datasets import load_digits

    content, original = loadmat(demo.DIGITS), load_digits()
    np.testing.assert_array_equal(content["X"], original.data)
    np.testing.assert_array_equal(content["y"].ravel(), original.target)


@pytest.mark.parametrize("backend", ["numpy", pytest.param("octave", marks=pytest.mark.octave)])
def test_the_demo_does_the_main_job(tmp_path: Path, backend: str) -> None:
    out = tmp_path / "new" / "folder"
    done = run("demo", "--backend", backend, "--out", str(out))
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    files = sorted(entry.name for entry in out.iterdir())
    names = ["distilled_model.mat", "model.mat", "pruned_model.mat", "quantized_model.mat"]
    assert files == sorted([*names, "report.json", "report.png"])
    rows = {row["name"]: row for row in json.loads((out / "report.json").read_text())["rows"]}
    assert all(name in done.stdout for name in rows)
    teacher, pruned = oc.load(out / "model.mat"), oc.load(out / "pruned_model.mat")
    quantized = oc.load(out / "quantized_model.mat")
    weights = np.concatenate([layer.weights.ravel() for layer in pruned.layers])
    assert np.mean(weights == 0) >= 0.8
    assert rows["pruned neurons"]["counts"]["parameters"] < 0.6 * 17226
    assert {layer.quantization.codes.dtype for layer in quantized.layers} == {np.dtype(np.int8)}  # type: ignore[union-attr]
    assert all(layer.input_range is not None for layer in quantized.layers)
    # The files hold the models that the table is about.
    test = demo.digits()[2]
    for model, name in (
        (teacher, "teacher"),
        (pruned, "pruned connections"),
        (quantized, "pruned, 8 bits"),
    ):
        said = oc.predict(model, test.X, backend="numpy").argmax(axis=1)
        assert np.mean(said == test.y) == pytest.approx(rows[name]["accuracy"], abs=1.5 / 360)
        assert rows[name]["accuracy"] > 0.95
    if backend == "octave":
        printed = octave_eval(
            f"for f = {{'model', 'pruned_model', 'quantized_model', 'distilled_model'}}\n"
            f"m = load(['{out}/', f{{1}}, '.mat']); printf('%d ', numel(m.layers)); end;"
            "m = load(['"
            + str(out)
            + "/quantized_model.mat']); printf('%s', class(m.layers{1}.codes));"
        )
        assert printed.split() == ["3", "3", "3", "2", "int8"]


def test_the_demo_says_when_its_folder_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = run("demo", "--backend", "numpy", "--out", str(tmp_path / "file" / "x"))
    assert done.returncode == 1
    assert "cannot make" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_demo_says_when_there_is_no_octave(tmp_path: Path) -> None:
    done = run("demo", "--out", str(tmp_path), PATH=str(tmp_path), OCTAVE_EXECUTABLE="")
    assert done.returncode == 1
    assert "sudo apt-get install octave" in done.stderr
    assert "Traceback" not in done.stderr


BAD_NUMBERS = (
    ["verify", "--cases", "x"],
    ["verify", "--cases", "0"],
    ["verify", "--cases", "-5"],
    ["verify", "--seed", "-1"],
)


def test_bad_usage(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in ([], ["dmeo"], ["demo", "--backend", "matlab"], *BAD_NUMBERS):
        with pytest.raises(SystemExit) as caught:
            main(arguments)
        assert caught.value.code == 2
        assert "usage: octave-compress" in capsys.readouterr().err


def test_the_demo_takes_its_backend_from_the_environment(tmp_path: Path) -> None:
    environment = {"PATH": str(tmp_path), "OCTAVE_EXECUTABLE": ""}
    done = run("demo", "--out", str(tmp_path), OCTAVE_COMPRESS_BACKEND="numpy", **environment)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("numpy backend")


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out == f"octave-compress {oc.__version__}\n"


@pytest.mark.octave
def test_verify_prints_a_row_an_operation(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", "--cases", "2"]) == 0
    text = capsys.readouterr().out
    assert "operations agree" in text
    for name in ("prune_model", "train_model", "quantize_affine"):
        assert name in text


@pytest.mark.octave
def test_the_doctor_is_content_here(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 0
    text = capsys.readouterr().out
    for name in ("Python", "oct2py", "Octave", "BLAS", "m_files", "session"):
        assert f"ok  {name}" in text


def test_the_doctor_says_how_to_get_octave(tmp_path: Path) -> None:
    done = run("doctor", PATH=str(tmp_path), OCTAVE_EXECUTABLE="")
    assert done.returncode == 1
    assert "NO  octave" in done.stdout
    assert "sudo apt-get install octave" in done.stdout


@pytest.mark.parametrize("program", ["/bin/cat", "/bin/true", "/bin/echo", sys.executable])
def test_the_doctor_survives_a_program_that_is_not_octave(program: str) -> None:
    done = run("doctor", OCTAVE_EXECUTABLE=program)
    assert done.returncode == 1
    assert done.stderr == ""
    assert f"{program} does not answer as Octave does" in done.stdout
    assert "OCTAVE_EXECUTABLE, or PATH, must lead to GNU Octave" in done.stdout


def test_the_doctor_survives_any_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> list[doctor.Finding]:
        raise RuntimeError("first line\nsecond line")

    monkeypatch.setattr(doctor, "_octave", fail)
    last = doctor.examine()[-1]
    assert (last.value, last.ok, last.advice) == ("first line", False, "second line")


@pytest.mark.octave
def test_ctrl_c_stops_the_demo_cleanly(tmp_path: Path) -> None:
    import signal
    import time

    process = subprocess.Popen(
        [sys.executable, "-m", "octave_compress", "demo", "--out", str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    time.sleep(4)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "interrupted" in error
    assert "Traceback" not in error


@pytest.fixture
def trained(tmp_path: Path) -> Path:
    """A folder with a trained network, and with samples as Python and as Octave have them."""
    train, validation, _ = demo.digits()
    model = oc.train(train.X, train.y, [64, 32, 10], epochs=15, dtype="float32", backend="numpy")
    oc.save(tmp_path / "model.mat", model)
    np.savez(tmp_path / "digits.npz", X=train.X, y=train.y, X_val=validation.X, y_val=validation.y)
    content = {"X": train.X.T, "y": train.y[None] + 1.0}
    content |= {"X_val": validation.X.T, "y_val": np.eye(10)[validation.y].T}
    savemat(tmp_path / "digits.mat", content)
    return tmp_path


@pytest.mark.parametrize("data", ["digits.npz", "digits.mat"])
@pytest.mark.parametrize("backend", ["numpy", pytest.param("octave", marks=pytest.mark.octave)])
def test_deep_compress_writes_a_small_file(trained: Path, data: str, backend: str) -> None:
    out = trained / "small.ocz"
    done = run(
        *("deep-compress", str(trained / "model.mat"), str(trained / data), "--out", str(out)),
        *("--density", "0.3,0.9", "--k", "6", "--epochs", "30", "--backend", backend),
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    dense = 4 * (64 * 32 + 32 + 320 + 10)
    size = out.stat().st_size
    assert f"{dense / size:.1f} times smaller" in done.stdout
    assert dense / size > 8
    validation = demo.digits()[1]
    outputs = oc.predict(oc.load(out), validation.X, backend="numpy")
    share = float(oc.ops.accuracy(outputs, validation.y, backend="numpy"))
    assert share > 0.9
    assert f"{size:,} bytes   validation accuracy {100 * share:.2f} %" in done.stdout


def test_deep_compress_says_what_is_wrong(trained: Path) -> None:
    def error(*arguments: str) -> str:
        done = run("deep-compress", *arguments, "--backend", "numpy")
        assert done.returncode == 1
        assert done.stdout == ""
        assert len(done.stderr.splitlines()) == 1
        return done.stderr

    model, data, out = (str(trained / name) for name in ("model.mat", "digits.npz", "x.ocz"))
    assert "No such file" in error(str(trained / "mdoel.mat"), data, "--out", out)
    assert "No such file" in error(model, str(trained / "digist.npz"), "--out", out)
    np.savez(trained / "other.npz", x=[1])
    assert "no variable X (found x)" in error(model, str(trained / "other.npz"), "--out", out)
    (trained / "text.npz").write_text("no archive")
    assert "not a .npz file" in error(model, str(trained / "text.npz"), "--out", out)
    assert "DENSITY must be in (0, 1], got 2" in error(
        model, data, "--out", out, "--density", "2", "--epochs", "1"
    )
    missing = str(trained / "no" / "x.ocz")
    assert "cannot write" in error(model, data, "--out", missing, "--epochs", "0")


@pytest.mark.parametrize(
    ("option", "text", "wanted"),
    [
        ("--density", "x", "must be a number, or one a layer with commas between them, got x"),
        ("--density", "0.1,", "must be a number, or one a layer with commas between them, got"),
        ("--k", "4,5.5", "must be a whole number, or one a layer with commas between them, got"),
        ("--epochs", "many", "must be a whole number, got many"),
        ("--epochs", "-1", "must be 0 or more, got -1"),
    ],
)
def test_options_that_are_no_numbers_say_what_is_wanted(
    option: str, text: str, wanted: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["deep-compress", "model.mat", "data.npz", "--out", "x.ocz", f"{option}={text}"])
    assert caught.value.code == 2
    assert f"argument {option}: {wanted}" in capsys.readouterr().err
