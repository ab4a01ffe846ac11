"""The settings of every job, by its name, and what each may hold; those of stages, sources, sinks and exports
stand at their classes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, TypedDict

from animelayers.engine.placement import Stage
from animelayers.models.device import Device
from animelayers.options import PLACED, Count, Part, Positive, Share, Size, Within

Seed = Annotated[int, Within(0, 2**63 - 1)]
Words = Sequence[str]
"""Words of another job, as on its command line."""
Workers = Count | tuple[Count, Count]


class Place(TypedDict):
    """Where something is read."""

    path: str


class Licenses(TypedDict):
    """Weights that are allowed though they are not free for every use."""

    allow_noncommercial: bool
    allow_unknown: bool
    allow: Sequence[str]


class Cluster(TypedDict):
    """Where Ray runs, or what runs without it."""

    address: str | None
    cpus: Count | None
    small: Annotated[int, Within()]
    processes: Annotated[int, Within()] | None


class Placement(TypedDict):
    """What every stage has that says nothing else."""

    workers: Workers
    cpus: Positive
    gpus: float
    share: Count
    clips_per_batch: Count | None
    fuse: str
    readers: int
    task_cpus: float


class Running(TypedDict):
    """What jobs share that run stages over a source."""

    source: Any
    stages: Mapping[str, Stage]
    device: Device
    output: str
    start_stage: str | None
    end_stage: str | None
    retry_failed: bool
    redo_changed: bool
    take_over: bool
    time_limit: Positive
    licenses: Licenses
    placement: Placement
    cluster: Cluster


class Decompose(Running):
    """jobs/decompose.py."""

    sink: Any
    dry_run: bool
    drop_removed: bool
    privacy: Literal["names", "full"]
    verify: bool | Literal["hash"]
    mend: bool
    price: Positive | None


class Annotate(Running):
    """jobs/annotate.py."""

    name: str | None


class Reprocess(Running):
    """jobs/reprocess_backgrounds.py."""

    backgrounds: str
    step: Literal["all", "instances", "backgrounds"]
    min_instance_size: Count
    mask_dilate: int


class ImportEdits(Running):
    """jobs/import_edits.py."""

    edits: str
    reinpaint: bool


class Thresholds(TypedDict):
    """From where on a frame is what."""

    simple_background: Share
    good_lighting: Share
    low_occlusion: Share
    multi_character: Count
    poor_quality: Share
    low_sharpness: Share


class Decision(TypedDict):
    """When each strategy is chosen, how much of each a set holds, and what it lacks."""

    thresholds: Thresholds
    strategy_targets: Mapping[str, Share]
    dataset_needs: Mapping[str, Share]


class Strategy(TypedDict):
    """What every strategy has beside its own options."""

    enabled: bool


class Curate(Running):
    """jobs/curate.py."""

    decision: Decision
    strategies: Mapping[str, Strategy]
    select: Any
    distance: Annotated[int, Within(0, 7)] | None
    count: Count | None
    min_fit: Share
    strict: bool
    variety: Annotated[float, Within()]
    given: Literal["either", "first", "last", "none"]
    decide: Literal["whole", "rules"]
    thresholds: str | None
    strategy_configs: str | None
    characters: Mapping[str, str]
    dataset_needs: str | None
    validation: str | None
    dry_run: bool
    skip_existing: bool
    report: bool
    batch_size: Count
    num_workers: Count | None
    cpus: Positive
    gpus: float


class ClusterCharacters(TypedDict):
    """jobs/cluster_characters.py."""

    source: Place
    output: str
    name: str
    embedding: Literal["cast", "visual", "clip", "dinov2"] | None
    model: Any
    colours: Share
    method: Literal["agglomerative", "hdbscan", "kmeans"]
    min_similarity: Annotated[float, Within(-1, 1)] | None
    count: Count | None
    references: str | None
    reference_model: Any
    outfits: Annotated[float, Within(-1, 1)] | None
    min_frames: int
    min_height: Share
    drawings: Count
    pictures: Count


class Compare(TypedDict):
    """jobs/compare.py."""

    a: str
    b: str
    output: str | None
    system_a: str | None
    system_b: str | None
    truth: str | None
    seed: Seed
    workers: Count


class Compose(TypedDict):
    """jobs/compose.py."""

    truth: Any
    output: str
    shots: Count
    seed: Seed
    cpus: Count | None


class ExpandFrames(TypedDict):
    """jobs/expand_frames.py."""

    curated: str
    source: Place
    output: str
    window_size: int


class Export(TypedDict):
    """jobs/export.py."""

    export: Any
    source: Place
    output: str
    select: Any
    picture: Any
    caption: Any
    workers: Annotated[Count, PLACED]


class FetchModels(TypedDict):
    """jobs/fetch_models.py."""

    names: str | Sequence[str]
    decompose: Words | None
    annotate: Words | None
    verify: bool
    licenses: Licenses


class Drawn(TypedDict):
    """What truth=drawn draws."""

    scenes: Sequence[str]
    frames: Count
    size: Size
    form: Literal["lossless", "h264", "frames"]


class Quality(TypedDict):
    """jobs/quality.py."""

    output: str
    truth: str | None
    shots: Count
    recipe: Words
    compose: Words
    peers: Literal["here"] | Sequence[str]
    seed: Seed
    decompose: Words
    systems: Mapping[str, Words]
    ablate: str | Sequence[str]
    perturb: str | Sequence[str]
    who: bool
    identify: Words
    workers: Count | None
    drawn: Drawn


class TrainingPlan(TypedDict):
    """How long and how LayerNet is trained."""

    samples: Count
    minutes: Positive | None
    shots: Count
    drawings: Count
    rate: Positive
    encoder: Share
    frozen: Share
    warm: Annotated[float, Within(0, 1, above=True, below=True)]
    sizes: Sequence[tuple[Count, Count, Part]]
    average: Share
    seed: Seed
    check: Count
    store: Count
    workers: int
    hold: Sequence[str]
    mine: Share
    restyle: Share
    worn: Share


class TrainLayers(TypedDict):
    """jobs/train_layers.py."""

    output: str
    truth: Any
    films: Count
    val_films: int
    seed: Seed
    cpus: Count | None
    pack: str | None
    packs: Sequence[str]
    outputs: Sequence[str]
    compose_only: bool
    start: str
    device: Device
    plan: TrainingPlan


class Acquaintance(TypedDict):
    """How CastNet is trained."""

    batches: Count
    people: Count
    views: Count
    hand: Share
    rate: Positive
    warmth: Positive
    hold: Sequence[str]
    seed: Seed


class TrainCastnet(TypedDict):
    """jobs/train_castnet.py."""

    output: str
    parts: Sequence[str]
    people: Count
    seed: Seed
    plan: Acquaintance


class Pointing(TypedDict):
    """How ClickNet is trained."""

    samples: Count
    minutes: Positive | None
    batch: Count
    size: Size
    rate: Positive
    encoder: Share
    average: Share
    restyle: Share
    seed: Seed
    workers: int


class TrainClicknet(TypedDict):
    """jobs/train_clicknet.py."""

    output: str
    packs: Sequence[str]
    parts: Sequence[str]
    judge: str | None
    start: str
    seed: Seed
    plan: Pointing


class Verify(TypedDict):
    """jobs/verify.py."""

    output: str
    mend: bool


class Rounds(TypedDict, total=False):
    """One part of the benchmark."""

    size: Size
    sizes: Size
    frames: Count
    films: Count
    rounds: Count
    tabs: Count
    warm: int
    shot: Count
    source: str | None
    points_per_side: Count
    names: Sequence[str]
    batches: Sequence[Count]
    weights: str | None
    picture: str | None
    overrides: Words


class Scale(TypedDict):
    """The part of the benchmark that pretends films."""

    frames: Sequence[Count]
    films: Count
    clip: Count
    nodes: Count
    deaths: Share
    look: Annotated[float, Within(0)]
    work: Annotated[float, Within(0)]


class Benchmark(TypedDict):
    """jobs/benchmark.py."""

    parts: Sequence[str]
    report: str
    cores: Count
    decompose: Words
    scratch: str | None
    frames: Count
    size: Size
    film: str | None
    models: Sequence[str]
    encode: Rounds
    race: Rounds
    held: Rounds
    memory: Rounds
    again: Rounds
    metrics: Rounds
    decide: Rounds
    compose: Rounds
    read: Rounds
    masks: Rounds
    nets: Rounds
    track: Rounds
    lama: Rounds
    trust: Rounds
    desk: Rounds
    scale: Scale


class LoraSteps(TypedDict):
    """Words of the steps of jobs/lora.py, as on the command lines of their own jobs."""

    decompose: Words
    annotate: Words
    identify: Words
    curate: Words
    export: Words


class Lora(TypedDict):
    """jobs/lora.py."""

    films: Words
    output: str | None
    character: str | None
    references: str | None
    trigger: str | None
    count: Count | None
    trainer: Literal["kohya", "musubi", "onetrainer", "aitoolkit"]
    mask: Literal["alpha", "files", "none"]
    device: Device | None
    dry_run: bool
    steps: LoraSteps
    cluster: Cluster


class Adaption(TypedDict):
    """How long and how LayerNet learns from a show: as `TrainingPlan`, without what only a large training
    needs.
    """

    samples: Count
    minutes: Positive | None
    shots: Count
    drawings: Count
    rate: Positive
    encoder: Share
    frozen: Share
    warm: Annotated[float, Within(0, 1, above=True, below=True)]
    sizes: Sequence[tuple[Count, Count, Part]]
    average: Share
    seed: Seed
    check: Count
    store: Count
    workers: int


class Adapt(TypedDict):
    """jobs/adapt.py."""

    output: str
    weights: str | None
    start: str
    trusted: Annotated[int, Within()]
    packs: Sequence[str]
    device: Device
    plan: Adaption


class Desk(TypedDict):
    """jobs/desk.py."""

    output: str
    outputs: Sequence[str]
    host: str
    port: Annotated[int, Within(0, 65535)]
    token: str | None
    browser: bool


class Clicks(TypedDict):
    """jobs/clicks.py."""

    truth: str
    output: str
    most: Count


class GpuSizes(TypedDict):
    """How much jobs/gpu_check.py tries."""

    frames: Count
    size: Size
    batches: Sequence[Count]
    rounds: Count
    workers: Count


class GpuCheck(TypedDict):
    """jobs/gpu_check.py."""

    device: Literal["cuda", "cpu"]
    steps: Sequence[str]
    seconds: Positive
    limits: Mapping[str, Positive]
    report: str | None
    sizes: Mapping[str, GpuSizes]


JOBS: Mapping[str, type] = {
    "adapt": Adapt,
    "annotate": Annotate,
    "benchmark": Benchmark,
    "clicks": Clicks,
    "cluster_characters": ClusterCharacters,
    "compare": Compare,
    "compose": Compose,
    "curate": Curate,
    "decompose": Decompose,
    "desk": Desk,
    "expand_frames": ExpandFrames,
    "export": Export,
    "extract_frames": Running,
    "fetch_models": FetchModels,
    "gpu_check": GpuCheck,
    "import_edits": ImportEdits,
    "lora": Lora,
    "quality": Quality,
    "reprocess_backgrounds": Reprocess,
    "train_castnet": TrainCastnet,
    "train_clicknet": TrainClicknet,
    "train_layers": TrainLayers,
    "verify": Verify,
}
"""The shape of each job's configuration."""
