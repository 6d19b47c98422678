# Trunkline for production: the API by default; the worker and the migrations are other commands of the same image.
#
#   docker build -t trunkline .
#   docker run --env-file .env -p 8000:8000 trunkline
#   docker run --env-file .env trunkline python -m app worker
#
# PostgreSQL is a server of your own (DATABASE_URL): the embedded one is not in here.

FROM python:3.11-slim-bookworm AS build
COPY requirements/run.txt /tmp/run.txt
# Wheels alone, each by its hash: nothing is built, so that nothing has to be removed again.
RUN python -m venv /opt/venv \
 && /opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check \
      --require-hashes --no-deps --only-binary :all: -r /tmp/run.txt \
 && /opt/venv/bin/pip uninstall --yes --quiet setuptools pip
WORKDIR /srv/trunkline
COPY app app
COPY alembic alembic
RUN /opt/venv/bin/python -m compileall -q app alembic

FROM python:3.11-slim-bookworm
# The base image's own installers serve nobody here.
RUN pip uninstall --yes --quiet setuptools wheel pip
COPY --from=build /opt/venv /opt/venv
COPY --from=build /srv/trunkline /srv/trunkline
COPY LICENSE /srv/trunkline/LICENSE
WORKDIR /srv/trunkline
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    TRUNKLINE_HOST=0.0.0.0 \
    TRUNKLINE_PORT=8000
# A number, so that an orchestrator can see that it is not root. Nothing in the image belongs to it.
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=15s --retries=3 CMD ["python", "-c", \
  "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ['TRUNKLINE_PORT'] + '/healthz', timeout=2)"]
CMD ["python", "-m", "app", "api"]
