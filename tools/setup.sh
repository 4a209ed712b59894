#!/bin/sh
# The set-up behind the Makefile.
#   setup.sh install plot|test   make .venv, install the package with that extra, install Octave
#   setup.sh backend             print the demo's --backend option: none, or numpy without Octave
#   setup.sh need-octave         say what a missing Octave means for the tests (with CI=true: fail)
set -eu
cd "$(dirname "$0")/.."

say() { printf '==> %s\n' "$*" >&2; }
stop() { say "$*"; exit 1; }

have_octave() {
  if [ -n "${OCTAVE_EXECUTABLE:-}" ]; then command -v "$OCTAVE_EXECUTABLE"
  else command -v octave-cli || command -v octave
  fi >/dev/null 2>&1
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"
  elif ! command -v sudo >/dev/null 2>&1; then echo 'You are not root, and there is no sudo.' >&2; return 1
  elif [ -t 0 ]; then sudo "$@"
  else sudo -n "$@"  # nobody is there to type a password
  fi
}

apt_get() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=300 "$@"
}

# Quiet when all goes well; the package lists are fetched only if the first try fails.
apt_install() {
  command -v apt-get >/dev/null 2>&1 || { say 'This system has no apt-get.'; return 1; }
  log=$(mktemp)
  if apt_get install --no-install-recommends "$@" >"$log" 2>&1 ||
    { apt_get update && apt_get install --no-install-recommends "$@"; } >"$log" 2>&1
  then rm -f "$log"
  else tail -n 15 "$log" >&2; rm -f "$log"; return 1
  fi
}

find_python() {
  for python in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
    if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      return
    fi
  done
  python=${PYTHON:-python3}
  version=$("$python" --version 2>&1) || version='no program that runs'
  stop "Python 3.11 or newer is needed, and $python is not: $version.
      Install it, or name it:  make PYTHON=/path/to/python3.12 ..."
}

make_venv() {
  if .venv/bin/python -m pip --version >/dev/null 2>&1; then return; fi
  find_python
  if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    package=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    say "This Python cannot make virtual environments yet; installing $package through apt."
    apt_install "$package" && "$python" -c 'import ensurepip, venv' 2>/dev/null ||
      stop "Please install it yourself, then try again:  sudo apt-get install $package"
  fi
  rm -rf .venv
  "$python" -m venv .venv
}

install_octave() {
  if have_octave; then return; fi
  if [ -n "${OCTAVE_EXECUTABLE:-}" ]; then
    say "OCTAVE_EXECUTABLE names '$OCTAVE_EXECUTABLE', which cannot be run: correct it, or unset it."
    return
  fi
  say 'GNU Octave is not installed; installing it through apt (this can take a few minutes).'
  if apt_install octave libopenblas0-pthread && have_octave; then return; fi
  say 'GNU Octave could not be installed. To install it yourself, type:
      sudo apt-get update && sudo apt-get install --no-install-recommends octave libopenblas0-pthread'
}

# Two packages of Octave that examples/equivalence compares with SciPy, and what draws without a
# display: nobody needs them to use or change this project, so only a build server gets them unasked.
install_octave_packages() {
  if [ "${CI:-}" != true ] || [ -n "${OCTAVE_EXECUTABLE:-}" ]; then return; fi
  for package in octave-statistics octave-signal gnuplot-nox fonts-freefont-otf ghostscript; do
    apt_install "$package" || say "$package could not be installed: its tests are SKIPPED."
  done
}

case "${1-}" in
  install)
    make_venv
    say "Installing octave-compress and its Python packages into .venv (extra: $2)."
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --editable ".[$2]"
    install_octave
    if [ "$2" = test ]; then install_octave_packages; fi
    touch ".venv/.$2-ready" .venv/.plot-ready # the test extra holds the plot extra
    ;;
  backend)
    if ! have_octave; then
      say 'Without GNU Octave the demo runs on the NumPy backend (the same operations, in Python).'
      echo '--backend numpy'
    fi
    ;;
  need-octave)
    if have_octave; then exit; fi
    [ "${CI:-}" != true ] || stop 'GNU Octave is missing, and CI=true: the Octave tests must run here.'
    say 'GNU Octave is missing: all tests that need it are SKIPPED.'
    ;;
  *) sed -n '2,5s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
