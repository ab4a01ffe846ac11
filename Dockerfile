# animelayers with its desk. On a CPU:  docker build -t animelayers .
# On a GPU:  docker build --build-arg DEVICE=cuda -t animelayers:cuda .
ARG PYTHON=3.12
FROM python:${PYTHON}-slim-bookworm AS built

ARG DEVICE=cpu
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY animelayers animelayers
COPY conf conf
COPY jobs jobs
# The ordinary torch brings its GPU libraries; without the extra `models` nothing needs it.
RUN if [ "$DEVICE" = cuda ]; then extras=desk,export,buckets,models; else extras=desk,export,buckets; fi \
 && echo "animelayers[$extras]" > wanted.txt && pip wheel --wheel-dir wheels ".[$extras]"

FROM python:${PYTHON}-slim-bookworm
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install --no-install-recommends -y libgl1 libglib2.0-0 libxcb1 \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --create-home --uid 1000 layers \
 && mkdir -p /weights /data \
 && chown layers:layers /weights /data
RUN --mount=type=bind,from=built,source=/src,target=/src \
 pip install --no-cache-dir --no-index --find-links /src/wheels --requirement /src/wanted.txt
ENV PYTHONUNBUFFERED=1 RAY_USAGE_STATS_ENABLED=0 ANIMELAYERS_WEIGHTS=/weights
USER 1000
WORKDIR /data
VOLUME ["/weights", "/data"]
EXPOSE 8765
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
 CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8765/health', timeout=4)"]
ENTRYPOINT ["animelayers"]
CMD ["desk", "/data", "host=0.0.0.0"]
