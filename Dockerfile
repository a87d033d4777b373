# One image for every process; docker-compose.yml says which one each container runs.
FROM python:3.11-slim
ENV PIP_NO_CACHE_DIR=1 PYTHONUNBUFFERED=1
WORKDIR /app
COPY requirements.lock pyproject.toml README.md LICENSE ./
RUN python -m pip install --require-hashes --requirement requirements.lock
COPY services services
COPY workers workers
COPY samples samples
RUN python -m pip install --no-deps --no-build-isolation --editable . \
    && python -m compileall -q services workers \
    && useradd --system --create-home treatyline
USER treatyline
ENTRYPOINT ["treatyline"]
CMD ["--help"]
