"""Say so, and fail, where the Java that Spark needs is absent; runs before any environment."""

import os
import re
import shutil
import subprocess
import sys

WANTED = 17


def java_version():
    """The version of the Java that Spark would start, None where there is none."""
    home = os.environ.get("JAVA_HOME")
    program = os.path.join(home, "bin", "java") if home else shutil.which("java")  # noqa: PTH118
    if not program:
        return None
    try:
        said = subprocess.run([program, "-version"], capture_output=True, text=True)
    except OSError:
        return None
    found = re.search(r'version "(\d+)', said.stderr + said.stdout)
    return int(found.group(1)) if found else None


if __name__ == "__main__":
    version = java_version()
    if version is None or version < WANTED:
        found = "none is on the path" if version is None else f"this is {version}"
        sys.exit(
            f"Spark needs Java {WANTED} or newer, and {found}; install one (for example the "
            f"package openjdk-{WANTED}-jre-headless), or name it in JAVA_HOME"
        )
