"""Runs every benchmark of this folder, one after the other."""

import subprocess
import sys
from pathlib import Path

for script in sorted(Path(__file__).resolve().parent.glob("*_bench.py")):
    print(f"== {script.stem.replace('_', ' ')}", flush=True)
    subprocess.run([sys.executable, str(script)], check=True)
