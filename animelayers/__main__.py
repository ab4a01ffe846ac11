"""`python -m animelayers JOB …` is the command `animelayers JOB …`."""

from animelayers.cli import run

if __name__ == "__main__":
    run()
