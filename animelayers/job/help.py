"""The help of a job."""

from __future__ import annotations

from typing import Any

from omegaconf import OmegaConf

from animelayers.job.composed import CONF
from animelayers.job.values import explained, shown


def whole(config_name: str) -> str:
    """The help of a job with its choices, and with every setting, its default and what it can be."""
    lines = [template(config_name).split("== Choices")[0].split("== All")[0].rstrip(), "", "== Choices =="]
    lines += [f"  {group}: {', '.join(names)}" for group, names in choices(config_name).items()]
    return (
        "\n".join(
            [
                *lines,
                "",
                "== All settings ==",
                *(f"  {f'{key}={shown(value)}':<58}  {said}" for key, value, said in explained(config_name)),
            ]
        )
        + "\n"
    )


def choices(config_name: str) -> dict[str, list[str]]:
    """The groups of choices of a job, and what each holds."""
    raw: Any = OmegaConf.to_container(OmegaConf.load(CONF / f"{config_name}.yaml"), resolve=False)
    groups = [
        str(key).split("@")[0]
        for each in raw["defaults"]
        if isinstance(each, dict)
        for key in each
        if not str(key).startswith("override")
    ]
    return {
        group: sorted(path.stem for path in (CONF / group).glob("*.yaml")) for group in dict.fromkeys(groups)
    }


def template(config_name: str) -> str:
    """The help of a job, as its configuration has it."""
    raw: Any = OmegaConf.to_container(OmegaConf.load(CONF / f"{config_name}.yaml"), resolve=False)
    return str(raw["hydra"]["help"]["template"])
